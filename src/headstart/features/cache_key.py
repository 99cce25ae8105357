"""What a feature depends on, as one key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from headstart.pixels.views import AS_IT_IS, View


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a feature besides the photo and its view.

    Attributes
    ----------
    backbone
        The fingerprint of the backbone's spec.
    tensor
        The layer whose output is kept.
    image_size
        Side of the network's input in pixels.
    precision
        ``f32``, ``bf16`` or ``int8``.
    engine, decoder
        Names and versions of what computes and what decodes.
    """

    backbone: str
    tensor: str
    image_size: int
    precision: str
    engine: str
    decoder: str


def make_key(digest: str, recipe: Recipe, view: View = AS_IT_IS) -> bytes:
    """Return the 32 bytes under which a photo's features are cached.

    Parameters
    ----------
    digest
        SHA-256 of the photo's bytes in hex.

    Examples
    --------
    >>> recipe = Recipe("f1", "features", 224, "f32", "engine 1", "decoder 1")
    >>> make_key("00", recipe) == make_key("00", recipe)
    True
    >>> make_key("00", recipe) == make_key("00", recipe, View(is_flipped=True))
    False
    """
    parts = (digest, recipe.backbone, recipe.tensor, str(recipe.image_size), recipe.precision,
             recipe.engine, recipe.decoder, view.describe())  # fmt: skip
    return hashlib.sha256("\0".join(parts).encode()).digest()
