"""Find photos whose features are alike: the cosine of their features, standardised within the set."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from headstart.features.thumbnail_pairs import Numbers
from headstart.features.thumbnail_spectra import Floats
from headstart.head.parallel_rows import map_blocks, map_items, split_rows, sum_blocks

PAIRS_AT_ONCE = 512
ROWS_AT_ONCE = 512
COLUMNS_AT_ONCE = 2048
FEWEST_DEVIATION = 1e-6  # of a feature; a smaller one is rounding


class AlikeFeatures:
    """Cosines of features (N, D), standardised within the set.

    The features are not copied as a whole: with m the means, s the scales and |x| the length of a standardised row, the
    cosine of x and y is ((x - m) s^2 / |x| · y - (x - m) s^2 / |x| · m) / |y|. So y may be a row as it is.
    """

    def __init__(self, features: Floats) -> None:
        self._features = features

        def add(rows: slice) -> npt.NDArray[np.float64]:
            block = features[rows].astype(np.float64)
            return np.stack([block.sum(0), np.einsum("nd,nd->d", block, block)])

        total, squares = sum_blocks(add, features)
        mean = total / len(features)
        deviation = np.sqrt(np.maximum(squares / len(features) - mean**2, 0))
        scale = np.where(deviation > FEWEST_DEVIATION, 1 / np.maximum(deviation, FEWEST_DEVIATION), 0)
        self._mean, self._scale = mean.astype(np.float32), scale.astype(np.float32)
        lengths = np.concatenate(map_blocks(lambda rows: np.linalg.norm(self._standardise(rows), axis=1), features))
        self._per_length = 1 / np.maximum(lengths, FEWEST_DEVIATION)

    def measure(self, first: Numbers, second: Numbers) -> Floats:
        """Return the cosine of each pair of photos."""

        def measure(rows: slice) -> Floats:
            one, other = self._weigh(first[rows]), self._features[second[rows]]
            cosines: Floats = np.einsum("nd,nd->n", one, other)
            cosines -= one @ self._mean
            cosines *= self._per_length[second[rows]]
            return cosines

        return np.concatenate([np.empty(0, np.float32), *map_items(measure, split_rows(len(first), PAIRS_AT_ONCE))])

    def measure_all(self, photo: int) -> Floats:
        """Return the cosines (N,) of one photo and each."""
        cosines: Floats = self._compare(slice(photo, photo + 1), slice(None))[0]
        return cosines

    def find_neighbours(self, lowest: float, n_each: int) -> tuple[Numbers, Numbers, Floats]:
        """Return the pairs whose cosine is at least ``lowest`` and among the ``n_each`` largest of one of the two.

        Takes about 2 s of processor time for 10,000 photos, and four times as much for twice as many.

        Returns
        -------
        Numbers of the photos, first below second, and the cosines, sorted by the numbers.
        """

        def find(block: tuple[int, int]) -> tuple[Numbers, Numbers, Floats]:
            start, left = block
            cosines = self._compare(slice(start, start + ROWS_AT_ONCE), slice(left, left + COLUMNS_AT_ONCE))
            if left < start + ROWS_AT_ONCE:  # the diagonal, and what is below it
                cosines[np.tril_indices(len(cosines), start - left, cosines.shape[1])] = -1
            # np.nonzero of two dimensions takes five times as long
            first, second = np.divmod(np.flatnonzero(_mask_largest(cosines, lowest, n_each)), cosines.shape[1])
            return first + start, second + left, cosines[first, second]

        n = len(self._features)
        blocks = [(start, left) for start in range(0, n, ROWS_AT_ONCE) for left in range(start, n, COLUMNS_AT_ONCE)]
        first, second, cosine = map(np.concatenate, zip(*map_items(find, blocks), strict=True))
        kept = _rank(first, second, cosine) < n_each
        order = np.lexsort((second[kept], first[kept]))
        return first[kept][order], second[kept][order], cosine[kept][order]

    def _compare(self, some: slice, others: slice) -> Floats:
        """Return the cosines (n, m) of some photos and others."""
        rows = self._weigh(some)
        cosines: Floats = rows @ self._features[others].T
        cosines -= (rows @ self._mean)[:, None]
        cosines *= self._per_length[others]
        return cosines

    def _weigh(self, rows: Numbers | slice) -> Floats:
        """Return (x - m) s^2 / |x| of some rows."""
        weighed = self._standardise(rows)
        weighed *= self._scale
        weighed *= self._per_length[rows, None]
        return weighed

    def _standardise(self, rows: Numbers | slice) -> Floats:
        standardised: Floats = self._features[rows] - self._mean
        standardised *= self._scale
        return standardised


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


def _rank(first: Numbers, second: Numbers, cosine: Floats) -> Numbers:
    """Return the place of each pair among those of its first or its second photo, the better of the two, from 0."""
    best = np.full(len(first), len(first))
    photos, pairs = np.concatenate([first, second]), np.tile(np.arange(len(first)), 2)
    order = np.lexsort((-cosine[pairs], photos))
    starts = np.searchsorted(photos[order], photos[order])
    np.minimum.at(best, pairs[order], np.arange(len(order)) - starts)
    return best
