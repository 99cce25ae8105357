"""Find photos whose features are alike: the cosine of their features, standardised within the set."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from headstart.features.thumbnail_pairs import Numbers
from headstart.features.thumbnail_spectra import Floats
from headstart.head.parallel_rows import map_items, split_rows, sum_blocks

PAIRS_AT_ONCE = 2048
ROWS_AT_ONCE = 1024
COLUMNS_AT_ONCE = 2048
FEWEST_DEVIATION = 1e-6  # of a feature; a smaller one is rounding


class AlikeFeatures:
    """Cosines of features (N, D), standardised within the set; only the rows at hand are copied."""

    def __init__(self, features: Floats) -> None:
        self._features = features

        def add(rows: slice) -> npt.NDArray[np.float64]:
            block = features[rows].astype(np.float64)
            return np.stack([block.sum(0), np.einsum("nd,nd->d", block, block)])

        total, squares = sum_blocks(add, features)
        self._mean = (total / len(features)).astype(np.float32)
        deviation = np.sqrt(np.maximum(squares / len(features) - (total / len(features)) ** 2, 0))
        self._scale = np.where(deviation > FEWEST_DEVIATION, 1 / np.maximum(deviation, FEWEST_DEVIATION), 0)
        self._scale = self._scale.astype(np.float32)

    def measure(self, first: Numbers, second: Numbers) -> Floats:
        """Return the cosine of each pair of photos."""
        cosines = np.empty(len(first), np.float32)

        def measure(rows: slice) -> None:
            cosines[rows] = np.einsum("nd,nd->n", self._take(first[rows]), self._take(second[rows]))

        for _ in map_items(measure, split_rows(len(first), PAIRS_AT_ONCE)):
            pass
        return cosines

    def measure_all(self, photo: int) -> Floats:
        """Return the cosines (N,) of one photo and each."""
        one = self._take(slice(photo, photo + 1))[0]
        blocks = (slice(at, at + PAIRS_AT_ONCE) for at in range(0, len(self._features), PAIRS_AT_ONCE))
        return np.concatenate([self._take(rows) @ one for rows in blocks])

    def find_neighbours(self, lowest: float, n_each: int) -> tuple[Numbers, Numbers, Floats]:
        """Return the pairs whose cosine is at least ``lowest`` and among the ``n_each`` largest of one of the two.

        Takes about 2 s of processor time for 10,000 photos, and four times as much for twice as many.

        Returns
        -------
        Numbers of the photos, first below second, and the cosines, sorted by the numbers.
        """

        def find(block: tuple[int, int]) -> tuple[Numbers, Numbers, Floats]:
            start, left = block
            some = self._take(slice(start, start + ROWS_AT_ONCE))
            cosines = some @ self._take(slice(left, left + COLUMNS_AT_ONCE)).T
            if left < start + ROWS_AT_ONCE:  # the diagonal, and what is below it
                cosines[np.tril_indices(len(some), start - left, cosines.shape[1])] = -1
            first, second = np.nonzero(_mask_largest(cosines, lowest, n_each))
            return first + start, second + left, cosines[first, second]

        n = len(self._features)
        blocks = [(start, left) for start in range(0, n, ROWS_AT_ONCE) for left in range(start, n, COLUMNS_AT_ONCE)]
        first, second, cosine = map(np.concatenate, zip(*map_items(find, blocks), strict=True))
        kept = _rank(first, second, cosine) < n_each
        order = np.lexsort((second[kept], first[kept]))
        return first[kept][order], second[kept][order], cosine[kept][order]

    def _take(self, rows: Numbers | slice) -> Floats:
        """Return standardised rows, scaled to length 1."""
        taken = self._features[rows] - self._mean
        taken *= self._scale
        taken /= np.maximum(np.linalg.norm(taken, axis=1, keepdims=True), FEWEST_DEVIATION)
        return np.asarray(taken, np.float32)


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
