"""Gather what the detectors look at: decode each photo once for features, thumbnails and measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo, Skip
from headstart.catalog.photo_groups import name_groups
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.evaluation.summary import count_reasons
from headstart.features.extraction import Features
from headstart.features.near_copy_groups import group_near_copies
from headstart.inspection.photo_set import PhotoSet
from headstart.methods.near_copy_search import search_near_copies
from headstart.methods.settings import Settings
from headstart.methods.training_context import TrainingContext


def gather_photos(catalog: Catalog, context: TrainingContext, settings: Settings) -> tuple[PhotoSet, list[Note]]:
    """Return the photos of a catalog with their features, near copies and measures, and notes.

    Photos that cannot be decoded become skipped files. Photos of one content with several labels stay in the catalog,
    but are not among the set's photos: nobody knows which label is right.

    Raises
    ------
    CatalogError
        If no photo can be decoded.
    """
    photos = _choose_photos(catalog)
    found = search_near_copies(photos, context, settings, wants_measures=True)
    features = found.features
    if features is None:
        raise CatalogError(f"Cannot audit '{catalog.source}': got the precision int8, need auto, f32 or bf16.")
    failures = {photos[n].digest: reason for n, reason in features.failures.items()}
    kept = [n for n, photo in enumerate(photos) if photo.digest not in failures]
    catalog = _skip_failures(catalog, failures)
    if not kept:
        reasons = [f"{reason} ({n:,})" for reason, n in count_reasons(failures.values())[:5]]
        raise CatalogError(
            f"Cannot audit '{catalog.source}': got no photo that can be decoded and has one label, need one. Left out: "
            f"{', '.join(reasons) or 'identical photos with several labels'}. Check the files."
        )
    near_copies = group_near_copies(found.pairs, len(photos), {photo.digest: photo.group for photo in photos})
    near_copies = replace(near_copies, lookalikes=tuple(found.lookalikes))
    used = tuple(photos[n] for n in kept)
    labels = tuple(sorted({photo.label for photo in used}))
    numbers = {label: n for n, label in enumerate(labels)}
    is_whole = len(kept) == len(photos)
    photo_set = PhotoSet(
        catalog=catalog, photos=used, labels=labels,
        y=np.array([numbers[photo.label] for photo in used], np.int64),
        X=features.matrix if is_whole else features.matrix[kept],
        units=name_groups([replace(photo, near_copies=near_copies.names.get(photo.digest)) for photo in used]),
        near_copies=near_copies, damaged=_name_damaged(photos, features),
        measures=_take(found.measures, None if is_whole else kept), setup=context.setup,
    )  # fmt: skip
    return photo_set, found.notes


def forget_drawn_splits(catalog: Catalog) -> Catalog:
    """Return a catalog in which photos have only the splits that folders or rows name, not those that were drawn."""
    photos = (replace(photo, split=None, is_drawn=False) if photo.is_drawn else photo for photo in catalog.photos)
    return replace(catalog, photos=tuple(photos))


def _choose_photos(catalog: Catalog) -> list[Photo]:
    """Return one photo of each content with one label, the first in the catalog, sorted by digest."""
    first: dict[str, Photo] = {}
    for photo in catalog.photos:
        first.setdefault(photo.digest, photo)
    several = {photo.digest for photo in catalog.photos if photo.label != first[photo.digest].label}
    return sorted((photo for digest, photo in first.items() if digest not in several), key=lambda photo: photo.digest)


def _skip_failures(catalog: Catalog, failures: Mapping[str, str]) -> Catalog:
    """Return a catalog in which the photos of some digests are skipped, with all copies."""
    kept = tuple(photo for photo in catalog.photos if photo.digest not in failures)
    skipped = [
        Skip(photo.path, failures[photo.digest], photo.digest) for photo in catalog.photos if photo.digest in failures
    ]
    return replace(catalog, photos=kept, skipped=(*catalog.skipped, *skipped))


def _name_damaged(photos: list[Photo], features: Features) -> dict[str, str]:
    return {photos[n].digest: reason for n, reason in features.damaged.items()}


def _take(rows: npt.NDArray[np.float32] | None, at: list[int] | None) -> npt.NDArray[np.float32] | None:
    return rows if rows is None or at is None else rows[at]
