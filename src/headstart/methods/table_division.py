"""Divide the features of a table by another split of the same photos, without another look at the photos."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import SPLITS
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.storage.large_arrays import allocate_array, join_rows, take_rows


def has_all_views(table: FeatureTable) -> bool:
    """Say whether all photos of a table have the same views. Random views are computed for training photos alone."""
    return all(len(some.views) == table.n_averaged for some in table.splits.values())


def divide_table(table: FeatureTable, catalog: Catalog) -> FeatureTable:
    """Return the features of a table divided by the splits of a catalog of the same photos.

    The result is equal, bit for bit, to that of `build_feature_table`. The table must have all views of all photos
    (`has_all_views`).
    """
    parts = [table.splits[split] for split in SPLITS]
    rows = {photo.digest: row for row, photo in enumerate(photo for part in parts for photo in part.photos)}
    numbers = {label: number for number, label in enumerate(catalog.labels)}
    X = join_rows(*(part.X for part in parts))
    views = [join_rows(*(part.views[view] for part in parts)) for view in range(table.n_averaged)]
    splits = {}
    for split in SPLITS:
        photos = list(catalog.select(split))
        if table.is_sorted:  # as in `build_feature_table`
            photos.sort(key=lambda photo: (photo.digest, photo.weight))
        at = [rows[photo.digest] for photo in photos]
        y = np.array([numbers[photo.label] for photo in photos], np.int64)
        chosen = take_rows(X, at)
        if table.n_averaged == 1:
            splits[split] = SplitFeatures(tuple(photos), chosen, y, chosen[None])
            continue
        stack = allocate_array((table.n_averaged, *chosen.shape))
        for view, matrix in enumerate(views):
            stack[view] = take_rows(matrix, at)
        splits[split] = SplitFeatures(tuple(photos), chosen, y, stack)
    return replace(table, catalog=catalog, splits=splits)
