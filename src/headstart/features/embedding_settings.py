"""What is computed of each photo when a folder of features is written."""

from __future__ import annotations

from dataclasses import KW_ONLY, asdict, dataclass, replace
from typing import Any

from headstart.backbone.backbone import BackboneSetup
from headstart.features.cache_key import FeatureSpec
from headstart.features.extraction import make_feature_spec
from headstart.pixels.views import View, list_views

DTYPES = ("float32", "float16")


@dataclass(frozen=True)
class EmbeddingSettings:
    """What is computed of each photo.

    Attributes
    ----------
    setup
        Setup of the backbone. Its precision is never ``auto``: the user's program has chosen.
    spec
        Spec of the features, as the user's program would compute them.
    dtype
        Type of the features in the files: float32, or float16, which takes half the space.
    n_views, is_averaged, seed
        Arguments of `list_views`.
    """

    setup: BackboneSetup
    spec: FeatureSpec
    _: KW_ONLY
    dtype: str = "float32"
    n_views: int = 1
    is_averaged: bool = False
    seed: int = 0

    def list_views(self, digest: str) -> tuple[View, ...]:
        """Return the views of a photo, given the SHA-256 of its bytes in hex."""
        return list_views(digest, self.n_views, is_averaged=self.is_averaged, seed=self.seed)

    def describe(self) -> dict[str, Any]:
        """Return what decides the features besides the photos, in plain JSON types."""
        views = [self.n_views, self.is_averaged, self.seed if self.n_views > 1 else 0]
        return asdict(self.spec) | {"dtype": self.dtype, "views": views}


def make_embedding_settings(
    setup: BackboneSetup, *, dtype: str = "float32", n_views: int = 1, is_averaged: bool = False, seed: int = 0
) -> EmbeddingSettings:  # fmt: skip
    """Return the settings, with the precision that ``auto`` means on this machine."""
    spec = make_feature_spec(setup)
    setup = replace(setup, precision=spec.precision)
    return EmbeddingSettings(setup, spec, dtype=dtype, n_views=n_views, is_averaged=is_averaged, seed=seed)
