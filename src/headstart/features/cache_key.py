"""The key under which a row of a photo is cached: a mark of the photo, then a hash of everything that decides the row.

All rows of a photo can be found by its mark, so that `headstart forget` can remove them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from headstart.pixels.views import AS_IT_IS, View

MARK_BYTES = 16
HASH_BYTES = 16  # with the mark, a key has as many bits as SHA-256


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSpec:
    """Everything that decides a feature besides the photo and its view.

    Attributes
    ----------
    backbone
        Fingerprint of the backbone's spec.
    tensor
        Name of the layer whose output is cached.
    image_size
        Side of the network's input in pixels.
    precision
        ``f32``, ``bf16`` or ``int8``.
    engine, decoder
        Names and versions of the inference engine and the image decoder.
    depth
        Bits of the values in photos with 16 bits a sample.
    """

    backbone: str
    tensor: str
    image_size: int
    precision: str
    engine: str
    decoder: str
    depth: int = 16


def make_key(digest: str, spec: FeatureSpec, view: View = AS_IT_IS) -> bytes:
    """Return the 32 bytes under which a photo's features are cached; ``digest`` is the SHA-256 of its bytes in hex.

    Examples
    --------
    >>> spec = FeatureSpec(
    ...     backbone="f1", tensor="features", image_size=224, precision="f32", engine="engine 1", decoder="decoder 1"
    ... )
    >>> make_key("00", spec) == make_key("00", spec)
    True
    >>> make_key("00", spec) == make_key("00", spec, View(is_flipped=True))
    False
    """
    return join_key(
        digest, spec.backbone, spec.tensor, str(spec.image_size), spec.precision,
        spec.engine, spec.decoder, str(spec.depth), view.describe(),
    )  # fmt: skip


def join_key(digest: str, *facts: str) -> bytes:
    """Return a key of 32 bytes for a row of a photo: its mark, and a hash of its digest and of all facts."""
    return mark_photo(digest) + hashlib.sha256("\0".join((digest, *facts)).encode()).digest()[:HASH_BYTES]


def mark_photo(digest: str) -> bytes:
    """Return the mark of a photo, by which stores of the cache know it. The digest cannot be computed from it.

    Examples
    --------
    >>> spec = FeatureSpec(
    ...     backbone="f1", tensor="features", image_size=224, precision="f32", engine="engine 1", decoder="decoder 1"
    ... )
    >>> make_key("00", spec).startswith(mark_photo("00"))
    True
    """
    return hashlib.sha256(digest.encode()).digest()[:MARK_BYTES]
