"""A catalog with its features: the arrays that a head is fitted to and judged on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.view_averaging import average_views
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import SPLITS, Photo
from headstart.catalog.photo_groups import name_groups
from headstart.catalog.redrawing import leave_out
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.features.extraction import extract_features
from headstart.features.feature_cache import FeatureCache
from headstart.features.stored_features import KnownFeatures
from headstart.pixels.damage import note_damage
from headstart.pixels.views import SYMMETRIES, View, draw_view
from headstart.process.progress import Progress, ignore_progress
from headstart.storage.large_arrays import (
    LARGE_BYTES,
    allocate_array,
    count_bytes,
    join_rows,
    release_rows,
    take_rows,
    walk_rows,
)


@dataclass(frozen=True)
class SplitFeatures:
    """Features and labels of the N photos of one split.

    Attributes
    ----------
    X
        (N, D) float32 features. Metrics are computed on them.
    y
        (N,) class numbers, positions in the catalog's labels.
    views
        (V, N, D) float32 features of V views of each photo. The head is fitted to them. The first view is the photo as
        it is. If features are averaged, ``X`` is the mean of the views.
    """

    photos: tuple[Photo, ...]
    X: npt.NDArray[np.float32]
    y: npt.NDArray[np.int64]
    views: npt.NDArray[np.float32]

    @property
    def weights(self) -> npt.NDArray[np.float64] | None:
        """(N,) sample weights, or None if all are 1."""
        weights = np.array([photo.weight for photo in self.photos])
        return None if (weights == 1).all() else weights

    @cached_property
    def groups(self) -> list[str] | None:
        """(N,) names of split units: photos of one group, copies and near copies share one. None if all differ."""
        return name_groups(self.photos)

    def narrow(self, n_features: int) -> SplitFeatures:
        """Return the same photos with the last ``n_features`` features alone, in arrays of their own."""
        views = np.ascontiguousarray(self.views[..., -n_features:])
        X = views[0] if len(views) == 1 else np.ascontiguousarray(self.X[:, -n_features:])
        return replace(self, X=X, views=views)

    def join(self, other: SplitFeatures) -> SplitFeatures:
        """Append the rows of another split. Views that only one of both has are dropped."""
        X, y = join_rows(self.X, other.X), np.concatenate([self.y, other.y])
        n_views = min(len(self.views), len(other.views))
        views = X[None]
        if n_views > 1:
            views = allocate_array((n_views, *X.shape))
            for number in range(n_views):
                views[number] = join_rows(self.views[number], other.views[number])
                release_rows(views[number])
        return SplitFeatures((*self.photos, *other.photos), X, y, views)


@dataclass(frozen=True, kw_only=True)
class FeatureTable:
    """A catalog and the features of its photos.

    Attributes
    ----------
    catalog
        The photos that could be decoded. The others are in ``catalog.skipped``.
    splits
        Features of each split, by its name.
    n_averaged
        Number of views over which ``X`` is averaged. 1: the photo as it is.
    precision
        Arithmetic of the features: ``f32``, ``bf16`` or ``int8``.
    n_extracted, n_cached
        Number of rows that were computed, and that the cache had.
    is_sorted
        Whether the photos of each split are sorted by digest; otherwise they have the order of the catalog.
    """

    catalog: Catalog
    splits: dict[str, SplitFeatures]
    n_averaged: int
    image_size: int
    precision: str
    n_extracted: int
    n_cached: int
    is_sorted: bool = True

    def narrow(self, n_features: int) -> FeatureTable:
        """Return the table with the last ``n_features`` features alone."""
        if all(split.X.shape[1] == n_features for split in self.splits.values()):
            return self
        return replace(self, splits={name: split.narrow(n_features) for name, split in self.splits.items()})


def build_feature_table(
    catalog: Catalog, setup: BackboneSetup, *, n_views: int = 1, is_averaged: bool = False, seed: int = 0,
    fit_splits: Sequence[str] = ("train",), averaged_splits: Sequence[str] = SPLITS,
    feature_cache: FeatureCache | None = None,
    stored: KnownFeatures | None = None, progress: Progress = ignore_progress,
) -> FeatureTable:  # fmt: skip
    """Extract the features of all photos of a catalog, and of augmented views of the photos that a head is fitted to.

    The photos of each split are sorted by digest, so that names and the order of files change no digit of a head. To
    sort features copies them. So if those of the last stage take 64 MB or more, the photos keep the order of the
    catalog. Wider features of the same photos have the same order: a head for a part of them is the same, bit for bit.

    Parameters
    ----------
    n_views
        Number of views of each photo of ``fit_splits``: the photo itself, and random flips and rotations.
    is_averaged
        Whether to take symmetric views instead, and to average their features in ``X``.
    averaged_splits
        Splits whose photos have all symmetric views. The photos of the others are taken as they are.

    Raises
    ------
    CatalogError
        If fewer than two classes have a training photo that can be decoded.
    """
    # The views of one split follow each other. Each split is then a part of one matrix, and no row is copied.
    by_split = {split: catalog.select(split) for split in SPLITS}
    n_here = {split: n_views if split in (averaged_splits if is_averaged else fit_splits) else 1 for split in SPLITS}
    photos: list[Photo] = []
    views: list[View] = []
    for split in SPLITS:
        for number in range(n_here[split]):
            photos += by_split[split]
            views += [
                SYMMETRIES[number] if is_averaged else draw_view(photo.digest, number, seed)
                for photo in by_split[split]
            ]
    features = extract_features(
        photos, setup, views=views, feature_cache=feature_cache, stored=stored, progress=progress
    )
    broken = {photos[n].path: reason for n, reason in features.failures.items()}
    readable = leave_out(catalog, broken) if broken else catalog
    if len(readable.labels) < 2:
        reasons = "; ".join(f"{reason} ({n} photos)" for reason, n in Counter(broken.values()).most_common(3))
        n_classes = f"{len(readable.labels)} {'class' if len(readable.labels) == 1 else 'classes'}"
        raise CatalogError(
            f"Cannot train on '{catalog.source}': got {n_classes} with photos that can be decoded, need at least 2."
            f"{reasons and f' Reasons: {reasons}.'}",
            path=catalog.source,
        )
    readable = _add_notes(readable, note_damage({photos[n].path: features.damaged[n] for n in features.damaged}))
    numbers = {label: i for i, label in enumerate(readable.labels)}
    is_sorted = count_bytes((len(catalog.photos), setup.spec.n_last_features), np.float32) < LARGE_BYTES
    start, rows, chosen = 0, list[int](), dict[str, tuple[Photo, ...]]()
    for split, members in by_split.items():
        at = [
            i for i, photo in enumerate(members)
            if photo.label in numbers and (not broken or photo.path not in broken)
        ]  # fmt: skip
        if is_sorted:
            at.sort(key=lambda i: (members[i].digest, members[i].weight))
        rows += [start + number * len(members) + i for number in range(n_here[split]) for i in at]
        chosen[split] = tuple(members[i] for i in at)
        start += n_here[split] * len(members)
    matrix = take_rows(features.matrix, rows)  # of all splits, so that two of them can be joined without a copy
    start, splits = 0, {}
    for split, kept in chosen.items():
        end = start + n_here[split] * len(kept)
        X = matrix[start:end].reshape(n_here[split], len(kept), matrix.shape[1])
        y = np.array([numbers[photo.label] for photo in kept], np.int64)
        splits[split] = SplitFeatures(kept, average_rows(X) if is_averaged and len(X) > 1 else X[0], y, X)
        start = end
    return FeatureTable(
        catalog=readable, splits=splits, n_averaged=n_views if is_averaged else 1, image_size=setup.image_size,
        precision=features.precision, n_extracted=features.n_extracted, n_cached=features.n_cached,
        is_sorted=is_sorted,
    )  # fmt: skip


def _add_notes(catalog: Catalog, notes: Sequence[Note]) -> Catalog:
    new = tuple(note for note in notes if note not in catalog.notes)
    return replace(catalog, notes=(*catalog.notes, *new)) if new else catalog


def average_rows(views: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return (N, D) means over the views of (V, N, D) features."""
    averaged: npt.NDArray[np.float32] = allocate_array(views.shape[1:])
    for rows in walk_rows(averaged, 1024):
        averaged[rows] = average_views(views[:, rows])
        for view in views:
            release_rows(view[rows])
    return averaged
