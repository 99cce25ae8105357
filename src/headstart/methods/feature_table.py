"""A catalog with its features: the arrays that fitting and judging need, row by row beside the photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import Backbone
from headstart.backbone.view_averaging import average_views
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import SPLITS, Photo
from headstart.catalog.split_units import join_units
from headstart.errors import CatalogError
from headstart.features.extraction import extract_features
from headstart.features.feature_cache import FeatureCache
from headstart.features.stored_features import StoredFeatures
from headstart.pixels.views import SYMMETRIES, View, draw_view
from headstart.process.progress import Progress, ignore_progress
from headstart.storage.large_arrays import allocate_array, join_rows, release_rows, take_rows, walk_rows


@dataclass(frozen=True)
class SplitFeatures:
    """The photos of one split.

    Attributes
    ----------
    X
        (N, D) float32 features by which the photos are judged.
    y
        (N,) class numbers, positions in the catalog's labels.
    views
        (V, N, D) float32: features of each photo as it is, then of V - 1 views of it. If ``X`` is averaged, it is their
        mean.
    """

    photos: tuple[Photo, ...]
    X: npt.NDArray[np.float32]
    y: npt.NDArray[np.int64]
    views: npt.NDArray[np.float32]

    @property
    def weights(self) -> npt.NDArray[np.float64] | None:
        """(N,) sample weights, or None where all are 1."""
        weights = np.array([photo.weight for photo in self.photos])
        return None if (weights == 1).all() else weights

    @property
    def groups(self) -> list[str] | None:
        """(N,) names of what must stay together, groups and copies alike; None where every photo stands alone."""
        if len({photo.digest for photo in self.photos}) == len(self.photos) and not any(p.group for p in self.photos):
            return None  # most catalogs: nothing to join, and a hundred thousand blocks of one photo to make for it
        blocks = join_units(self.photos, seed=0)
        if len(blocks) == len(self.photos):
            return None
        names = {n: str(number) for number, block in enumerate(blocks) for n in block.members}
        return [names[n] for n in range(len(self.photos))]

    def join(self, other: SplitFeatures) -> SplitFeatures:
        """Return these rows and then the others; of views, as many as both have."""
        X, y = join_rows(self.X, other.X), np.concatenate([self.y, other.y])
        n_views = min(len(self.views), len(other.views))
        views = X[None]
        if n_views > 1:
            views = allocate_array((n_views, *X.shape))
            for number in range(n_views):
                views[number] = join_rows(self.views[number], other.views[number])
                release_rows(views[number])
        return SplitFeatures((*self.photos, *other.photos), X, y, views)


@dataclass(frozen=True)
class FeatureTable:
    """A catalog and the features of its photos.

    Attributes
    ----------
    catalog
        Without the photos that could not be decoded; they are among its skips.
    splits
        Rows by split.
    n_averaged
        The views of a photo whose features are averaged in ``splits``; 1 where it is the photo as it is.
    """

    catalog: Catalog
    splits: dict[str, SplitFeatures]
    n_averaged: int
    image_size: int
    precision: str
    n_extracted: int
    n_cached: int


@contextmanager
def open_cache(is_used: bool) -> Iterator[FeatureCache | None]:
    """Open the user's cache of features, or give None."""
    if not is_used:
        yield None
        return
    with FeatureCache() as cache:
        yield cache


def build_feature_table(
    catalog: Catalog,
    backbone: Backbone,
    *,
    image_size: int,
    precision: str = "auto",
    n_views: int = 1,
    is_averaged: bool = False,
    seed: int = 0,
    cache: FeatureCache | None = None,
    embedded: StoredFeatures | None = None,
    progress: Progress = ignore_progress,
) -> FeatureTable:
    """Extract the features of a catalog's photos, and of augmented views of its training photos.

    Parameters
    ----------
    n_views
        Of each training photo: itself, and random flips and rotations.
    is_averaged
        Take symmetric views instead, of all photos, and average their features wherever a photo is judged.

    Raises
    ------
    CatalogError
        If fewer than two classes have a training photo that can be decoded.
    """
    # split by split, and the training photos' views beside them: then each is a part of one matrix, and none is copied
    by_split = {split: catalog.select(split) for split in SPLITS}
    photos: list[Photo] = []
    views: list[View] = []
    for split in SPLITS:
        for number in range(n_views if is_averaged or split == "train" else 1):
            photos += by_split[split]
            views += [
                SYMMETRIES[number] if is_averaged else draw_view(photo.digest, number, seed)
                for photo in by_split[split]
            ]
    features = extract_features(
        photos, backbone, image_size=image_size, precision=precision, views=views, feature_cache=cache, stored=embedded,
        progress=progress,
    )  # fmt: skip
    broken = {photos[n].path: reason for n, reason in features.failures.items()}
    kept = catalog.without(broken) if broken else catalog
    if len(kept.labels) < 2:
        reasons = "; ".join(f"{reason} ({n} photos)" for reason, n in Counter(broken.values()).most_common(3))
        raise CatalogError(
            f"Cannot train on '{catalog.source}': got {len(kept.labels)} class with photos that can be decoded, need "
            f"at least 2. What was wrong: {reasons}."
        )
    numbers = {label: i for i, label in enumerate(kept.labels)}
    start, splits = 0, {}
    for split, every in by_split.items():
        at = [
            i for i, photo in enumerate(every)
            if photo.label in numbers and (not broken or photo.path not in broken)
        ]  # fmt: skip
        n_here = n_views if is_averaged or split == "train" else 1
        rows = [start + number * len(every) + i for number in range(n_here) for i in at]
        X = take_rows(features.matrix, rows).reshape(n_here, len(at), features.matrix.shape[1])
        chosen = tuple(every[i] for i in at)
        y = np.array([numbers[photo.label] for photo in chosen], np.int64)
        splits[split] = SplitFeatures(chosen, average_rows(X) if is_averaged else X[0], y, X)
        start += n_here * len(every)
    return FeatureTable(
        kept, splits, n_views if is_averaged else 1, image_size, features.precision, features.n_extracted,
        features.n_cached,
    )  # fmt: skip


def average_rows(views: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return (N, D) means over the views of (V, N, D) features."""
    averaged: npt.NDArray[np.float32] = allocate_array(views.shape[1:])
    for rows in walk_rows(averaged, 1024):
        averaged[rows] = average_views(views[:, rows])
        for view in views:
            release_rows(view[rows])
    return averaged
