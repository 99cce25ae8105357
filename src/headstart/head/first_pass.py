"""The first pass over features in blocks: it measures their standardisation and copies a sample of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.feature_blocks import FeatureBlocks, run_pass, widen_parts
from headstart.head.standardise import Standardisation, make_standardisation
from headstart.head.training_rows import check_finite, count_nonfinite_rows
from headstart.process.progress import Progress
from headstart.storage.large_arrays import allocate_array


@dataclass
class Moments:
    """Weighted mean and weighted sum of squared deviations of D features.

    Two of them are joined without another look at the rows, and nothing cancels: Chan, Golub and LeVeque 1983,
    "Algorithms for computing the sample variance".
    """

    total: float
    mean: npt.NDArray[np.float64]
    squares: npt.NDArray[np.float64]

    @classmethod
    def measure(cls, X: npt.NDArray[np.float64], weight: npt.NDArray[np.float64]) -> Moments:
        """Measure rows (n, D) of weights (n,)."""
        total = float(weight.sum())
        mean = weight @ X / (total or 1.0)
        return cls(total, mean, weight @ np.square(X - mean))

    def join(self, other: Moments) -> Moments:
        """Return the moments of the rows of both."""
        total = self.total + other.total
        if not total:
            return self
        share, shift = other.total / total, other.mean - self.mean
        squares = self.squares + other.squares + self.total * share * np.square(shift)
        return Moments(total, self.mean + share * shift, squares)


def measure_and_sample(
    blocks: FeatureBlocks,
    weight: npt.NDArray[np.float64],
    sample_at: npt.NDArray[np.int64],
    *,
    floor: float,
    progress: Progress,
) -> tuple[Standardisation, npt.NDArray[Any]]:
    """Measure the standardisation of all rows as `measure_standardisation`, and copy some of the rows, in one pass.

    ``weight`` is (N,), at least 0, not all 0. ``sample_at`` has the m numbers of the rows to copy, ascending; the
    sample is (m, D) float32. Features that are not finite raise FitError.
    """
    sample = allocate_array((len(sample_at), blocks.n_features))

    def work(X: npt.NDArray[Any], rows: slice) -> tuple[int, Moments]:
        first, last = np.searchsorted(sample_at, (rows.start, rows.stop))
        sample[first:last] = X[sample_at[first:last] - rows.start]
        n_nonfinite, moments = 0, Moments(0.0, np.zeros(X.shape[1]), np.zeros(X.shape[1]))
        for part, wide in widen_parts(X):
            exact = wide.astype(np.float64)
            n_nonfinite += count_nonfinite_rows(exact)
            if not n_nonfinite:
                moments = moments.join(Moments.measure(exact, weight[rows][part]))
        return n_nonfinite, moments

    n_nonfinite, moments = 0, Moments(0.0, np.zeros(blocks.n_features), np.zeros(blocks.n_features))
    for n_in_block, block_moments in run_pass(blocks, work, progress):
        n_nonfinite += n_in_block
        moments = moments.join(block_moments)
    check_finite(n_nonfinite, "fit a head")
    variance = moments.squares / moments.total
    return make_standardisation(moments.mean, variance, np.float32, floor=floor), sample


def draw_sample(
    y: npt.NDArray[np.int64], weight: npt.NDArray[np.float64], n_rows: int, seed: int
) -> npt.NDArray[np.int64]:
    """Draw ``n_rows`` rows without replacement, at least one of every class; return their numbers, ascending.

    If there are no more than ``n_rows``, all rows are drawn. Otherwise rows of weight 0 are left out.

    Examples
    --------
    >>> draw_sample(np.array([0, 0, 0, 0, 1]), np.array([0.0, 1.0, 1.0, 0.0, 1.0]), 2, seed=0).tolist()
    [1, 4]
    """
    if len(y) <= n_rows:
        return np.arange(len(y))
    order = np.random.default_rng(seed).permutation(np.flatnonzero(weight > 0))
    _, firsts = np.unique(y[order], return_index=True)
    return np.union1d(order[:n_rows], order[firsts])
