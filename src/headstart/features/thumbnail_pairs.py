"""Find the pairs of thumbnails whose details correlate, as they are, mirrored, upside down, or both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from headstart.features.thumbnail_spectra import Details, Floats
from headstart.head.parallel_rows import map_items, split_rows
from headstart.storage.large_arrays import release_rows

ROWS_AT_ONCE = 512
COLUMNS_AT_ONCE = 1024
PAIRS_AT_ONCE = 512  # their frequencies fit the cache of a core
SIGNS = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]], np.float32)
"""Of the four parts, for a picture as it is, mirrored, upside down, and both."""
Numbers = npt.NDArray[np.int64]


class ThumbnailPairs(NamedTuple):
    """Pairs of thumbnails, M of them.

    Attributes
    ----------
    first, second
        (M,) numbers of the photos.
    correlation
        (M,) float32: the largest of the four mirrorings.
    chance
        (M,) float32: the chance that two random pictures with as many dimensions correlate as much.
    """

    first: Numbers
    second: Numbers
    correlation: Floats
    chance: Floats

    def take(self, at: Numbers | npt.NDArray[np.bool_]) -> ThumbnailPairs:
        """Return some of the pairs, by their places or by a mask."""
        return ThumbnailPairs(self.first[at], self.second[at], self.correlation[at], self.chance[at])


def walk_pairs(details: Details, lowest: float) -> Iterator[tuple[int, ThumbnailPairs]]:
    """Yield the pairs that correlate by at least ``lowest``, in blocks, with the number of rows that are done.

    First is below second. The strongest components of both give an upper bound of each correlation; only pairs whose
    bound is high enough are computed in full. Takes about 2 s of processor time for 10,000 thumbnails, and four times
    as much for twice as many.
    """
    n = len(details.rest)
    # the product of the lengths of the rest is added to the product of the first part by one more column
    main = [np.column_stack([details.main[0], details.rest]), *details.main[1:]]

    def compare(rows: slice) -> ThumbnailPairs:
        found: list[ThumbnailPairs] = []
        for left in range(rows.start, n, COLUMNS_AT_ONCE):
            right = min(left + COLUMNS_AT_ONCE, n)
            bound = _bound_correlations([part[rows] for part in main], [part[left:right] for part in main])
            first, second = np.divmod(np.flatnonzero(bound >= lowest), right - left)
            first, second = first + rows.start, second + left
            is_pair = first < second
            found.append(_compare(details, first[is_pair], second[is_pair], lowest))
        return ThumbnailPairs(*map(np.concatenate, zip(*found, strict=True)))

    blocks = split_rows(n, ROWS_AT_ONCE)
    for rows, pairs in zip(blocks, map_items(compare, blocks), strict=True):
        yield rows.stop, pairs


def correlate_pairs(parts: Floats, first: Numbers, second: Numbers) -> Floats:
    """Return the correlation of each pair, the largest over the four mirrorings, for (4, N, F) frequencies."""
    best = np.empty(len(first), np.float32)
    for start in range(0, len(first), PAIRS_AT_ONCE):
        some = slice(start, start + PAIRS_AT_ONCE)
        products = np.einsum("pnf,pnf->pn", parts[:, first[some]], parts[:, second[some]])
        best[some] = (SIGNS @ products).max(0)
    return best


def _bound_correlations(some: Sequence[Floats], others: Sequence[Floats]) -> Floats:
    """Return the largest correlation of each pair over the four mirrorings, for four (N, F) and four (M, F)."""
    even_even, even_odd, odd_even, odd_odd = (one @ other.T for one, other in zip(some, others, strict=True))
    upright, swapped = even_even + even_odd, odd_even + odd_odd
    even_even -= even_odd
    odd_even -= odd_odd
    upright += np.abs(swapped, out=swapped)
    even_even += np.abs(odd_even, out=odd_even)
    best: Floats = np.maximum(upright, even_even, out=upright)
    return best


def estimate_chance(details: Details, first: Numbers, second: Numbers, correlation: Floats) -> Floats:
    """Return the chance that two random pictures with as many dimensions correlate as much.

    Two random directions of d dimensions correlate by r with a chance of about (1 - r^2)^((d - 1) / 2).
    """
    dimensions = np.minimum(details.dimensions[first], details.dimensions[second])
    chance: Floats = (np.maximum(1 - correlation**2, 0) ** ((dimensions - 1) / 2)).astype(np.float32)
    return chance


def measure_difference(details: Details, pairs: ThumbnailPairs) -> Floats:
    """Return what differs (M,), in levels of 255: the root mean square of one photo less the other, scaled to fit.

    Saving a photo again, halving or mirroring it makes 0.5 to 0.9. The correlation alone does not tell that: it is less
    for a photo with few details.
    """
    levels = np.maximum(details.levels[pairs.first], details.levels[pairs.second])
    difference: Floats = levels * np.sqrt(np.maximum(1 - pairs.correlation**2, 0))
    return difference


def _compare(details: Details, first: Numbers, second: Numbers, lowest: float) -> ThumbnailPairs:
    """Return the pairs that correlate by at least ``lowest``."""
    correlation = correlate_pairs(details.parts, first, second)
    if len(first):
        release_rows(details.parts)
    chance = estimate_chance(details, first, second, correlation)
    at = np.flatnonzero(correlation >= lowest)
    return ThumbnailPairs(first[at], second[at], correlation[at], chance[at])
