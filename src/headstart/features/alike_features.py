"""Find photos whose features are alike: the cosine of their features, standardised within the set."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from headstart.features.thumbnail_pairs import Numbers
from headstart.features.thumbnail_spectra import Floats
from headstart.head.parallel_rows import map_blocks, map_items, split_rows, sum_blocks
from headstart.storage.large_arrays import release_rows, take_rows

Pairs = tuple[Numbers, Numbers, Floats]
Answer = TypeVar("Answer")
Block = TypeVar("Block")

PAIRS_AT_ONCE = 512
ROWS_AT_ONCE = 512
COLUMNS_AT_ONCE = 2048
MAX_COMPARED = 5_000  # photos that are all compared with each other
PIVOTS_PER_ROOT = 3  # random photos, for each of the square root of N
N_NEAREST = 6  # pivots of a photo; it is compared with the photos that have one of them, too
PAIRS_IN_MEMORY = 1_000_000  # then those that are not near enough are dropped
FEWEST_DEVIATION = 1e-6  # of a feature; a smaller one is rounding


class AlikeFeatures:
    """Cosines of features (N, D), standardised within the set, or as they are.

    The features are not copied as a whole: with m the means, s the scales and |x| the length of a standardised row, the
    cosine of x and y is ((x - m) s^2 / |x| · y - (x - m) s^2 / |x| · m) / |y|. So y may be a row as it is.
    """

    def __init__(self, features: Floats, *, is_standardised: bool = True) -> None:
        self._features = features
        self._mean, self._scale = np.zeros(features.shape[1], np.float32), np.ones(features.shape[1], np.float32)
        if is_standardised:
            self._mean, self._scale = self._measure()
        lengths = np.concatenate(map_blocks(lambda rows: np.linalg.norm(self._standardise(rows), axis=1), features))
        self._per_length = 1 / np.maximum(lengths, FEWEST_DEVIATION)

    def _measure(self) -> tuple[Floats, Floats]:
        """Return the means and the scales (D,)."""
        features = self._features

        def add(rows: slice) -> npt.NDArray[np.float64]:
            block = features[rows].astype(np.float64)
            return np.stack([block.sum(0), np.einsum("nd,nd->d", block, block)])

        total, squares = sum_blocks(add, features)
        mean = total / len(features)
        deviation = np.sqrt(np.maximum(squares / len(features) - mean**2, 0))
        scale = np.where(deviation > FEWEST_DEVIATION, 1 / np.maximum(deviation, FEWEST_DEVIATION), 0)
        return mean.astype(np.float32), scale.astype(np.float32)

    def measure(self, first: Numbers, second: Numbers) -> Floats:
        """Return the cosine of each pair of photos."""

        def measure(rows: slice) -> Floats:
            one, other = self._weigh(first[rows]), self._take(second[rows])
            cosines: Floats = np.einsum("nd,nd->n", one, other)
            cosines -= one @ self._mean
            cosines *= self._per_length[second[rows]]
            return cosines

        measured = self._map_blocks(measure, split_rows(len(first), PAIRS_AT_ONCE))
        return np.concatenate([np.empty(0, np.float32), *measured])

    def measure_all(self, photo: int) -> Floats:
        """Return the cosines (N,) of one photo and each."""
        one = self._weigh(slice(photo, photo + 1))
        return np.concatenate(map_blocks(lambda rows: self._compare(one, rows)[0], self._features))

    def compare(self, some: slice, others: slice) -> Floats:
        """Return the cosines (n, m) of some photos and others."""
        return self._compare(self._weigh(some), others)

    def find_neighbours(self, lowest: float, n_each: int) -> Pairs:
        """Return the pairs whose cosine is at least ``lowest`` and among the ``n_each`` largest of one of the two.

        Of more than 5,000 photos, only those near the same pivots are compared. A few pairs are not found then: 0.3% of
        those of 7,961 photos. Takes 0.8 s of processor time for 10,000 photos, and 1 s for 5,000.

        Returns
        -------
        Numbers of the photos, first below second, and the cosines, sorted by the numbers.
        """

        def find(block: tuple[Numbers, Numbers]) -> Pairs:
            some, others = block
            cosines = self._compare(self._weigh(_as_slice(some)), _as_slice(others))
            if others[0] <= some[-1]:  # the diagonal, and what is below it
                cosines[some[:, None] >= others] = -1
            # np.nonzero of two dimensions takes five times as long
            first, second = np.divmod(np.flatnonzero(_mask_largest(cosines, lowest, n_each)), len(others))
            return some[first], others[second], cosines[first, second]

        best: Pairs = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))
        found, n_found = [best], 0
        blocks = [block for bucket in self._list_buckets() for block in _list_blocks(bucket)]
        for pairs in self._map_blocks(find, blocks):
            found.append(pairs)
            n_found += len(pairs[0])
            if n_found > PAIRS_IN_MEMORY:
                found, n_found = [_keep_nearest(found, n_each)], 0
        return _keep_nearest(found, n_each)

    def _list_buckets(self) -> list[Numbers]:
        """Return numbers of photos that are compared with each other: all, or those near each of some random photos."""
        n = len(self._features)
        if n <= MAX_COMPARED:
            return [np.arange(n)]
        n_pivots = PIVOTS_PER_ROOT * math.isqrt(n)
        pivots = self._weigh(np.random.default_rng(0).choice(n, n_pivots, replace=False))

        def choose(rows: slice) -> Numbers:
            order = np.argpartition(-self._compare(pivots, rows).T, N_NEAREST, 1)
            return order[:, :N_NEAREST].copy()  # a view would keep all of it in memory

        nearest = np.concatenate(map_blocks(choose, self._features)).ravel()
        photos = np.argsort(nearest, kind="stable") // N_NEAREST
        return np.split(photos, np.cumsum(np.bincount(nearest, minlength=n_pivots))[:-1])

    def _map_blocks(self, function: Callable[[Block], Answer], blocks: Sequence[Block]) -> Iterator[Answer]:
        for answer in map_items(function, blocks):
            release_rows(self._features)
            yield answer

    def _compare(self, weighed: Floats, others: Numbers | slice) -> Floats:
        """Return the cosines (n, m) of some photos, given as `_weigh` returns them, and others."""
        cosines: Floats = weighed @ self._take(others).T
        cosines -= (weighed @ self._mean)[:, None]
        cosines *= self._per_length[others]
        return cosines

    def _weigh(self, rows: Numbers | slice) -> Floats:
        """Return (x - m) s^2 / |x| of some rows."""
        weighed = self._standardise(rows)
        weighed *= self._scale
        weighed *= self._per_length[rows, None]
        return weighed

    def _standardise(self, rows: Numbers | slice) -> Floats:
        standardised: Floats = self._take(rows) - self._mean
        standardised *= self._scale
        return standardised

    def _take(self, rows: Numbers | slice) -> Floats:
        if isinstance(rows, slice) or not isinstance(self._features, np.memmap):
            return self._features[rows]
        return take_rows(self._features, rows)


def _list_blocks(bucket: Numbers) -> list[tuple[Numbers, Numbers]]:
    """Return blocks of two parts of a bucket that have each of its pairs once."""
    return [
        (bucket[start : start + ROWS_AT_ONCE], bucket[left : left + COLUMNS_AT_ONCE])
        for start in range(0, len(bucket), ROWS_AT_ONCE)
        for left in range(start, len(bucket), COLUMNS_AT_ONCE)
    ]


def _as_slice(numbers: Numbers) -> Numbers | slice:
    """Return ascending numbers as a slice if no number is left out: numpy does not copy the rows of a slice."""
    start, stop = int(numbers[0]), int(numbers[-1]) + 1
    return slice(start, stop) if stop - start == len(numbers) else numbers


def _mask_largest(cosines: Floats, lowest: float, n_each: int) -> np.ndarray:
    """Return where a cosine is at least ``lowest``. If that is too many, keep the largest of each row and column."""
    mask = cosines >= lowest
    if mask.sum() <= n_each * len(cosines):
        return mask
    largest = np.zeros_like(mask)
    for axis in (0, 1):
        at = min(n_each, cosines.shape[axis])
        largest |= cosines >= np.partition(cosines, -at, axis).take([-at], axis)
    return mask & largest


def _keep_nearest(found: Sequence[Pairs], n_each: int) -> Pairs:
    """Return the pairs that are among the nearest of one of the two, each once, sorted by the numbers."""
    first, second, cosine = map(np.concatenate, zip(*found, strict=True))
    order = np.lexsort((second, first))
    first, second, cosine = first[order], second[order], cosine[order]
    is_new = np.append(True, (np.diff(first) != 0) | (np.diff(second) != 0))[: len(first)]
    first, second, cosine = first[is_new], second[is_new], cosine[is_new]
    kept = _rank(first, second, cosine) < n_each
    return first[kept], second[kept], cosine[kept]


def _rank(first: Numbers, second: Numbers, cosine: Floats) -> Numbers:
    """Return the place of each pair among those of its first or its second photo, the better of the two, from 0."""
    best = np.full(len(first), len(first))
    photos, pairs = np.concatenate([first, second]), np.tile(np.arange(len(first)), 2)
    order = np.lexsort((-cosine[pairs], photos))
    starts = np.searchsorted(photos[order], photos[order])
    np.minimum.at(best, pairs[order], np.arange(len(order)) - starts)
    return best
