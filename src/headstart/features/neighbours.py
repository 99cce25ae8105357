"""Find the nearest neighbours of every photo: exactly, by the cosine of their features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from headstart.features.alike_features import AlikeFeatures
from headstart.features.thumbnail_pairs import Numbers
from headstart.features.thumbnail_spectra import Floats
from headstart.head.parallel_rows import map_items, split_rows
from headstart.storage.large_arrays import release_rows

ROWS_AT_ONCE = 2048
NOBODY = -1  # in place of a neighbour, if a photo has too few
Nearest = tuple[Numbers, Floats]


def find_nearest(
    features: Floats, n: int, exclude_units: Sequence[object] | None = None, *, is_standardised: bool = True
) -> Nearest:
    """Return the ``n`` nearest neighbours of every photo, the nearest first.

    Standardised features find photos of the same class better than features scaled to length 1: on five sets with 10%
    wrong labels, the share of the label among 30 neighbours ranks the wrong labels with a mean average precision that
    is 2 points higher. Takes 2 s of processor time for 10,000 photos with 1,280 features, and 60 MB.

    Parameters
    ----------
    features
        (N, D) float32.
    exclude_units
        (N,) names of units: photos of one unit are never neighbours. None: each photo is a unit.
    is_standardised
        Whether the features are standardised within the set. Not so, photos that are like no others are far from all.

    Returns
    -------
    Numbers (N, n) of the photos, and cosines (N, n) float32. If a photo has fewer neighbours, the number is -1 and the
    cosine is -inf.
    """
    alike, n_photos = AlikeFeatures(features, is_standardised=is_standardised), len(features)
    units = np.arange(n_photos) if exclude_units is None else _number_units(exclude_units)
    numbers, cosines = np.full((n_photos, n), NOBODY), np.full((n_photos, n), -np.inf, np.float32)
    blocks = split_rows(n_photos, ROWS_AT_ONCE)
    pairs = [(one, other) for place, one in enumerate(blocks) for other in blocks[place:]]

    def compare(pair: tuple[slice, slice]) -> list[tuple[slice, Nearest]]:
        one, other = pair
        block = alike.compare(one, other)
        block[units[one, None] == units[other]] = -np.inf
        found = [(one, _take_largest(block, n, other.start))]
        if one != other:
            found.append((other, _take_largest(np.ascontiguousarray(block.T), n, one.start)))
        return found

    for found in map_items(compare, pairs):
        release_rows(features)
        for rows, (new, values) in found:
            both, all_values = np.hstack([numbers[rows], new]), np.hstack([cosines[rows], values])
            order = np.argsort(-all_values, 1, kind="stable")[:, :n]
            numbers[rows], cosines[rows] = (np.take_along_axis(some, order, 1) for some in (both, all_values))
    numbers[np.isneginf(cosines)] = NOBODY
    return numbers, cosines


def _number_units(names: Sequence[object]) -> Numbers:
    known: dict[object, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in names], np.int64)


def _take_largest(block: Floats, n: int, start: int) -> Nearest:
    """Return the numbers of the columns, counted from ``start``, and the values of the ``n`` largest of each row."""
    n = min(n, block.shape[1])
    # np.argpartition takes forty times as long as np.partition
    lowest: npt.NDArray[np.float32] = np.partition(block, -n, 1)[:, -n]
    is_large = block >= lowest[:, None]
    if is_large.sum() > n * len(block):  # equal values
        for row in np.flatnonzero(is_large.sum(1) > n):
            is_large[row] = False
            is_large[row, np.argsort(-block[row], kind="stable")[:n]] = True
    columns = np.flatnonzero(is_large).reshape(len(block), n) % block.shape[1]
    return columns + start, np.take_along_axis(block, columns, 1)
