"""A scikit-learn transformer that turns paths of photos into the features of a frozen backbone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import Backbone
from headstart.backbone.loading import open_setup
from headstart.backbone.names import Sizes
from headstart.catalog.hashing import HashResult, hash_bytes, hash_files
from headstart.errors import BackboneError, PhotoError
from headstart.features.extraction import Features, extract_features
from headstart.features.feature_cache import open_feature_cache
from headstart.pixels.decode import read_photo
from headstart.pixels.pictures import TakenPicture, describe_picture, is_picture, list_pictures, take_picture
from headstart.process.packages import make_missing_extra
from headstart.process.progress import show_progress

if TYPE_CHECKING:
    from headstart.pixels.pictures import Picture

try:
    from sklearn.base import BaseEstimator, TransformerMixin
except ImportError:
    raise make_missing_extra("use FeatureExtractor and ImageClassifier", "sklearn", "scikit-learn") from None


@dataclass(frozen=True, slots=True)
class _Photo:
    """A picture that `extract_features` can read, and its name in messages."""

    path: Path
    digest: str
    picture: TakenPicture

    def load(self, size_px: int) -> npt.NDArray[np.uint8]:
        read = partial(read_photo, digest=self.digest, depth=self.picture.depth)
        return self.picture.load(size_px, read)


class FeatureExtractor(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Pooled features of a frozen backbone, for scikit-learn pipelines.

    It learns nothing: ``fit`` only sets the number of features. Features are cached by the content of the photos. The
    same photos in another fold, pipeline or process are read from the cache.

    Parameters
    ----------
    backbone
        Name of the pretrained network, or path of an ONNX file, or several with ``+`` between them
        (docs/backbones.md).
    image_size
        Side of the network's input in pixels, or several as in ``224+320``. None: the backbone's own.
    precision
        ``auto`` (bf16 if the processor supports it, else f32), ``f32`` or ``bf16``. ``int8`` is refused: it is
        calibrated on training photos, so each fold would have other features. `headstart.train` supports it.
    cache
        Whether to use the user's cache of features.
    depth
        Bits of the values in photos with 16 bits a sample: 12 if 4095 is white.
    verbose
        Whether to show progress on stderr.

    Attributes
    ----------
    n_features_out_
        D, the number of features.
    fingerprint_
        Fingerprint of the backbone. A backbone whose file was changed after ``fit`` is refused.
    """

    def __init__(
        self, backbone: str = "mobilenet_v2", image_size: Sizes = None, precision: str = "auto",
        cache: bool = True, verbose: bool = False, depth: int = 16,
    ) -> None:  # fmt: skip
        self.backbone, self.image_size, self.precision = backbone, image_size, precision
        self.cache, self.verbose, self.depth = cache, verbose, depth

    def fit(self, X: Sequence[Picture], y: Any = None) -> Self:
        """Set the number of features; ``X`` (photos) and ``y`` are ignored."""
        spec = open_setup(self.backbone, self.image_size).spec
        self.n_features_out_, self.fingerprint_ = spec.n_features, spec.fingerprint()
        return self

    def transform(self, X: Sequence[Picture]) -> npt.NDArray[np.float32]:
        """Compute features.

        Parameters
        ----------
        X
            N photos: a list or an array of paths or pictures in memory, as `Classifier.predict` takes them, or the
            only column of a table.

        Returns
        -------
        (N, D) float32.

        Raises
        ------
        PhotoError
            If photos cannot be read or decoded. The message names up to ten of them.
        """
        features, _ = self.extract(X)
        return features.matrix

    def extract(self, X: Sequence[Picture]) -> tuple[Features, list[str]]:
        """Compute features as `transform`, and return them with the SHA-256 (hex) of each photo."""
        setup = open_setup(self.backbone, self.image_size, precision=self.precision, depth=self.depth)
        check_unchanged(setup.backbone, getattr(self, "fingerprint_", None))
        photos, problems = _take_photos(X, setup.image_size, self.depth, cache=self.cache)
        if not problems:
            with (
                open_feature_cache(cache=self.cache) as feature_cache,
                show_progress("Extracting", is_shown=self.verbose) as progress,
            ):
                features = extract_features(
                    photos, setup, feature_cache=feature_cache, progress=progress,
                    read=lambda photo, size_px: cast("_Photo", photo).load(size_px),
                )  # fmt: skip
            problems = [f"'{photos[n].path}': {reason}" for n, reason in sorted(features.failures.items())]
            if not problems:
                return features, [photo.digest for photo in photos]
        more = f" and {len(problems) - 10} more" if len(problems) > 10 else ""
        raise PhotoError(f"Cannot extract features: {'; '.join(problems[:10])}{more}. Leave these photos out.")

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return names such as ``mobilenet_v2_17``."""
        spec = open_setup(self.backbone, self.image_size).spec
        return np.array([f"{spec.name}_{i}" for i in range(spec.n_features)], dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return True  # there is nothing to learn


def check_unchanged(backbone: Backbone, fingerprint: str | None) -> None:
    """Raise BackboneError if a backbone has another fingerprint; None fits every backbone."""
    if fingerprint not in (None, backbone.spec.fingerprint()):
        raise BackboneError(
            f"Cannot use backbone {backbone.spec.name!r}: its files were changed since the fit. Fit again, or "
            "restore the files."
        )


def _take_photos(pictures: Any, image_size: int, depth: int, *, cache: bool) -> tuple[list[_Photo], list[str]]:
    """Return photos with their digests, and the names and reasons of those that cannot be read."""
    shape: tuple[int, ...] = getattr(pictures, "shape", ())
    if len(shape) == 2:
        if shape[1] != 1:
            raise PhotoError(f"Cannot extract features: got a table of shape {shape}, need a list or column of photos.")
        pictures = np.asarray(pictures, object)[:, 0]
    if is_picture(pictures):
        what = describe_picture(pictures)
        raise PhotoError(f"Cannot extract features: got {what} alone, need a list. Give [photo] for a single photo.")
    taken = [take_picture(picture, image_size, depth) for picture in list_pictures(pictures)]
    hashed = iter(hash_files([one.path for one in taken if one.path is not None], cache=cache))
    photos, problems = [], []
    for n, one in enumerate(taken):
        name = one.path if one.path is not None else Path(f"picture {n}")
        result = _hash_picture(one) if one.path is None else next(hashed)
        if result.digest is None:
            problems.append(f"'{name}': {result.reason}")
        else:
            photos.append(_Photo(name, result.digest, one))
    return photos, problems


def _hash_picture(picture: TakenPicture) -> HashResult:
    if isinstance(picture.content, PhotoError):
        return HashResult(None, str(picture.content))
    # of pixels, the digest is that of the resized ones: they decide the features
    return hash_bytes(picture.content) if isinstance(picture.content, bytes) else HashResult(picture.hash_pixels())
