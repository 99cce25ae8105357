"""Find the photos of a set that are most similar to one photo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from headstart.backbone.loading import open_setup
from headstart.backbone.names import Sizes
from headstart.catalog.catalog import Catalog
from headstart.catalog.hashing import hash_file
from headstart.catalog.photo import Photo
from headstart.catalog.scan import scan_for_audit
from headstart.catalog.source import PhotoSource, refuse_reading
from headstart.catalog.table_columns import ColumnNames
from headstart.errors import CatalogError
from headstart.features.alike_features import AlikeFeatures
from headstart.features.extraction import extract_features
from headstart.features.feature_cache import open_feature_cache
from headstart.features.near_copies import FEWEST_ALIKE
from headstart.methods.extraction_choice import choose_setup
from headstart.methods.settings import Settings
from headstart.process.progress import show_progress
from headstart.storage.remote_paths import expand_path, make_path


@dataclass(frozen=True, slots=True)
class SimilarPhoto:
    """A photo that is similar to another one.

    Attributes
    ----------
    photo
        The photo of the set.
    cosine
        Cosine of the features of both, standardised within the set, -1 to 1. The higher, the more similar.
    is_identical
        Whether the files have the same bytes.
    """

    photo: Photo
    cosine: float
    is_identical: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return {
            "path": self.photo.file, "label": self.photo.label, "split": self.photo.split,
            "digest": self.photo.digest, "cosine": round(self.cosine, 4), "is_identical": self.is_identical,
        }  # fmt: skip


def find_similar(
    photo: str | Path, n: int = 9, *, photos: Catalog | PhotoSource, backbone: str = "mobilenet_v2",
    image_size: Sizes = None, depth: int = 16, layout: str = "auto", cache: bool = True,
    path_column: str | None = None, label_column: str | None = None, verbose: bool = True,
) -> list[SimilarPhoto]:  # fmt: skip
    """Find the ``n`` photos of a set that are most similar to one photo, the most similar first.

    All photos are compared. Their features are computed, or read from the cache. Photos that cannot be decoded are left
    out, and so is the photo itself if it is in the set; identical files elsewhere in the set are listed.

    Parameters
    ----------
    photo
        A photo file, in the set or not.
    photos
        A source of labelled photos as for `scan_photos`, or a catalog.
    backbone, image_size, depth
        Network whose features are compared, its input size in pixels, and bits of 16-bit files, as for
        `train_classifier`.
    layout
        Which folders are the classes; see `scan_photos`.
    cache
        Whether the user's cache is used.
    path_column, label_column
        Names of a table's columns. None: they are found by their names.
    verbose
        Whether progress is shown on stderr.

    Raises
    ------
    HeadstartError
        If the photo or the set cannot be used.
    """
    if n < 1:
        raise CatalogError(f"Cannot find similar photos: got n = {n}, need 1 or more. Give a larger number.")
    wanted = _read_wanted(photo)
    catalog = _scan(photos, ColumnNames(path_column, label_column, None), layout, cache=cache, verbose=verbose)
    place = expand_path(wanted.path)
    others = [one for one in catalog.photos if one.digest != wanted.digest or expand_path(one.path) != place]
    # the network of a training with default settings, whose features may be in the cache
    settings = Settings(method="fixed", backbone=backbone, image_size=image_size, depth=depth)
    plain = open_setup(backbone, image_size, depth=depth)
    setup = choose_setup(plain, settings, len(others))
    with open_feature_cache(cache=cache) as feature_cache, show_progress("Extracting", is_shown=verbose) as progress:
        features = extract_features([*others, wanted], setup, feature_cache=feature_cache, progress=progress)
    if len(others) in features.failures:
        raise _explain(photo, features.failures[len(others)])
    kept = [row for row in range(len(others) + 1) if row not in features.failures]
    X = features.matrix[:, -plain.spec.n_features :]
    X = X[kept] if features.failures else X
    cosines = AlikeFeatures(X, is_standardised=len(X) >= FEWEST_ALIKE).measure_all(len(X) - 1)[:-1]
    order = np.argsort(-cosines, kind="stable")[:n]
    found = [(others[kept[row]], min(1.0, float(cosines[row]))) for row in order.tolist()]
    return [SimilarPhoto(one, cosine, one.digest == wanted.digest) for one, cosine in found]


def _read_wanted(photo: str | Path) -> Photo:
    path = make_path(photo)
    hashed = hash_file(path)
    if hashed.digest is None:
        raise _explain(photo, str(hashed.reason))
    return Photo(str(path), "", digest=hashed.digest, split=None)


def _scan(photos: Catalog | PhotoSource, columns: ColumnNames, layout: str, *, cache: bool, verbose: bool) -> Catalog:
    if isinstance(photos, Catalog):
        refuse_reading(layout, columns)
        return photos
    with show_progress("Scanning", is_shown=verbose) as progress:
        return scan_for_audit(
            photos, layout=layout, cache=cache, path_column=columns.path, label_column=columns.label, progress=progress
        )


def _explain(photo: str | Path, reason: str) -> CatalogError:
    return CatalogError(
        f"Cannot find similar photos: got '{photo}' ({reason}), need a photo. Give the path of a photo file.",
        path=photo,
    )
