"""How unlike the training photos a photo is: a score, and the share of the classifier's own photos that score as high.

The score is the part of a photo's features that the principal components of the training photos do not explain (the
residual of ViM, Wang et al. 2022; its term of class scores gained nothing). Features are first divided by their length
and standardised: on five sets this told strangers better than plain or standardised features, square roots, Mahalanobis
distances, distances to neighbours or variances of a Gaussian process (docs/decisions/0044-novelty.md).

The share is a p-value: of photos like the training photos, 1 in 100 has a novelty of 0.01 or less. It is measured on
photos that the components were fitted without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.folds import make_folds
from headstart.head.parallel_rows import BLOCK_ROWS, map_items, split_rows, sum_blocks, use_one_blas_thread
from headstart.head.unit_shares import UnitWeights
from headstart.storage.large_arrays import take_rows

Floats = npt.NDArray[np.float32]

MAX_COMPONENTS, ROWS_PER_COMPONENT = 128, 6  # with 64, slightly more own photos are refused
MAX_ROWS = 20_000  # more rows change neither components nor shares by much
ROWS_AT_ONCE = 4096
FEWEST_UNITS = 19  # of fewer, no share of 5% can be told
N_FOLDS, N_FOLDS_OF_FEW, FEW_ROWS = 10, 20, 500  # with few rows, a photo is stranger to nine tenths than to all
FLOOR = 1.0  # of the median standard deviation
N_SPARE, N_ITERATIONS = (
    16,
    1,
)  # of the subspace iteration (Halko, Martinsson and Tropp 2011, algorithm 4.4); 2 gain nothing
MAX_KNOTS, N_TOP_KNOTS = 128, 48
ROUNDING = 5e-6  # taken off each share: a novelty of 1 / 100 stays at or below 0.01 in the arithmetic of any runtime
SHORTEST = 1e-12  # length of features; a row of zeros has no direction


@dataclass(frozen=True, eq=False)
class NoveltyTest:
    """A test of how strange a photo is, for D features.

    Attributes
    ----------
    mean, scale
        (D,) float32: standardisation of features of length 1.
    components
        (D, K) float32, orthonormal columns: the principal components.
    starts, slopes, falls
        (J,) float32: straight lines from a score to the share of the classifier's own photos that score at least as
        high. The share falls from ``most``: by ``fall x clip((score - start) x slope, 0, 1)`` for each line.
    most
        Share at the lowest score.
    n_units
        Number of photos that the shares were measured on; photos of one group, and near copies, count as one.
    """

    mean: Floats
    scale: Floats
    components: Floats
    starts: Floats
    slopes: Floats
    falls: Floats
    most: float
    n_units: int

    def score(self, X: npt.NDArray[Any]) -> Floats:
        """Return the scores (N,) float32 of N photos, 0 or more, for (N, D) features. Higher is stranger."""
        return _score_rows(X, self.mean, self.scale, self.components)

    def measure(self, X: npt.NDArray[Any]) -> Floats:
        """Return the novelty (N,) float32 of N photos, for (N, D) features.

        It is the share of the classifier's own photos that are at least as strange, from 1 / (units + 1) to 1: small
        for strangers. The novelty of a row depends on that row alone, to the last bit.
        """
        return self.rank(self.score(X))

    def shift(self, by: float) -> NoveltyTest:
        """Return the test for scores that are higher by a number."""
        return replace(self, starts=self.starts + np.float32(by))

    def rank(self, scores: Floats) -> Floats:
        """Return the novelty (N,) float32 of scores (N,)."""
        parts = np.clip((scores[:, None] - self.starts) * self.slopes, 0, 1)
        novelty: Floats = np.float32(self.most) - np.matmul(parts[:, None], self.falls[:, None])[:, 0, 0]
        return novelty


def fit_novelty(
    X: npt.NDArray[Any], units: Sequence[str] | None = None, *, held_out: npt.NDArray[Any] | None = None,
    held_out_units: Sequence[str] | None = None, seed: int = 0,
) -> NoveltyTest | None:  # fmt: skip
    """Fit a test to (N, D) features of training photos (0.3 s for 2,000 photos of 1,280 features).

    Parameters
    ----------
    units
        (N,) names of rows that are held out together: groups and near copies. None: each row alone.
    held_out
        (M, D) features of other photos, which give the shares. Default: each fold of the training photos in turn is
        held out from the components. Features that were trained on these photos need others: they know them.
    held_out_units
        As ``units``, of the rows of ``held_out``.
    seed
        Seed of the folds, and of the start of the components.

    Returns
    -------
    The test, or None if there are fewer than 19 units: they cannot tell the strangest 5%.

    Examples
    --------
    >>> known = np.random.default_rng(0).normal(size=(300, 2)) @ np.eye(2, 8) + np.arange(1, 9)
    >>> test = fit_novelty(known.astype(np.float32))
    >>> stranger = known[:1].astype(np.float32) * [1, 1, 1, 1, 1, 1, 1, -1]
    >>> test.measure(stranger) < 0.01
    array([ True])
    """
    fitted = fit_and_judge(X, units, held_out=held_out, held_out_units=held_out_units, seed=seed)
    return None if fitted is None else fitted[0]


def fit_and_judge(
    X: npt.NDArray[Any], units: Sequence[str] | None = None, *, held_out: npt.NDArray[Any] | None = None,
    held_out_units: Sequence[str] | None = None, seed: int = 0,
) -> tuple[NoveltyTest, Floats] | None:  # fmt: skip
    """Fit a test as `fit_novelty` does, and return it with the novelties of the rows that gave the shares.

    Each of these (N,) or (M,) novelties is by components that were fitted without the row.
    """
    X, units = limit_rows(X, units, seed)
    given, given_units = (X, units) if held_out is None else limit_rows(held_out, held_out_units, seed)
    if len(X) < 2 or count_units(len(given), given_units) < FEWEST_UNITS:
        return None
    with use_one_blas_thread():
        rows = _normalise(X)
        scale = _measure_scale(rows)
        rows /= scale
        held = _HeldOut(rows, seed)
        mean, components = held.fit_without(np.empty(0, np.int64))
        mean *= scale
        scores = _score_folds(held, units, seed) if held_out is None else _score_rows(given, mean, scale, components)
    knots, shares, n_units = _measure_shares(scores, given_units)
    widths, falls = np.diff(knots.astype(np.float64)), -np.diff(shares)
    if not len(widths):  # all scores are the same
        knots, widths, falls = np.tile(knots, 2), np.ones(1), np.zeros(1)
    test = NoveltyTest(
        mean, scale, components, knots[:-1], (1 / widths).astype(np.float32), falls.astype(np.float32),
        float(shares[0]), n_units,
    )  # fmt: skip
    return test, test.rank(scores)


def limit_rows(
    X: npt.NDArray[Any], units: Sequence[str] | None, seed: int
) -> tuple[npt.NDArray[Any], Sequence[str] | None]:
    """Return the rows and units that a test is fitted to: of more than 20,000, a random part."""
    if len(X) <= MAX_ROWS:
        return X, units
    at = np.sort(np.random.default_rng(seed).choice(len(X), MAX_ROWS, replace=False))
    return take_rows(X, at), None if units is None else [units[n] for n in at]


def count_units(n: int, units: Sequence[str] | None) -> int:
    """Return the number of units of n rows."""
    return n if units is None else len(set(units))


def _normalise(X: npt.NDArray[Any]) -> Floats:
    """Return rows divided by their lengths."""
    rows = X.astype(np.float32, copy=False)
    lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    directions: Floats = rows / np.maximum(lengths, np.float32(SHORTEST))[:, None]
    return directions


def _measure_scale(directions: Floats) -> Floats:
    n = len(directions)
    blocks = split_rows(n, BLOCK_ROWS)  # all rows in float64 would take twice the memory of the features
    mean = directions.mean(0, dtype=np.float64)
    squares = sum(((directions[rows] - mean) ** 2).sum(0) for rows in blocks)
    deviations = np.sqrt(squares / n)
    scale = np.maximum(deviations, FLOOR * float(np.median(deviations)))
    return np.where(scale > 0, scale, 1).astype(np.float32)


def _score_rows(X: npt.NDArray[Any], mean: Floats, scale: Floats, components: Floats) -> Floats:
    rows = (_normalise(X) - mean) / scale
    # one product for each row, as in `LinearHead.scores`
    explained = np.matmul(rows[:, None], components)[:, 0]
    rest = np.einsum("nd,nd->n", rows, rows) - np.einsum("nk,nk->n", explained, explained)
    scores: Floats = np.maximum(rest, np.float32(0))
    return scores


class _HeldOut:
    """Fits the mean and the components of standardised rows (N, D) without some of them."""

    def __init__(self, rows: Floats, seed: int) -> None:
        self.rows = rows
        self._seed = seed
        self._total = rows.sum(0, dtype=np.float64)
        # with more rows than features, products of the features are smaller than the rows, and all folds share them
        self._products = _multiply(rows) if len(rows) > rows.shape[1] else None

    def fit_without(self, at: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return the mean (D,) and the principal components (D, K) of the rows that are not at some positions."""
        held, products, n_left = self.rows[at], self._products, len(self.rows) - len(at)
        mean = ((self._total - held.sum(0, dtype=np.float64)) / n_left).astype(np.float32)
        if products is None:
            left = np.delete(self.rows, at, axis=0) - mean
            return mean, self._find(lambda basis: left.T @ (left @ basis), n_left)

        def multiply(basis: Floats) -> Floats:
            left: Floats = products @ basis - held.T @ (held @ basis)
            left -= np.outer(n_left * mean, mean @ basis)
            return left

        return mean, self._find(multiply, n_left)

    def _find(self, multiply: Callable[[Floats], Floats], n: int) -> Floats:
        return _find_components(multiply, n, self.rows.shape[1], self._seed)


def _score_folds(held_out: _HeldOut, units: Sequence[str] | None, seed: int) -> Floats:
    """Return the scores (N,) of rows, each by components that were fitted without its fold."""
    n = len(held_out.rows)
    n_folds = N_FOLDS_OF_FEW if n <= FEW_ROWS else N_FOLDS
    groups = None if units is None else np.unique(np.asarray(units), return_inverse=True)[1]
    fold_of_row = make_folds(np.zeros(n, np.int64), n_folds=n_folds, seed=seed, groups=groups)

    def score(fold: int) -> tuple[npt.NDArray[np.int64], Floats]:
        at = np.flatnonzero(fold_of_row == fold)
        mean, components = held_out.fit_without(at)
        centred = held_out.rows[at] - mean
        explained = centred @ components
        return at, np.einsum("nd,nd->n", centred, centred) - np.einsum("nk,nk->n", explained, explained)

    scores = np.empty(n, np.float32)
    for at, found in map_items(score, np.unique(fold_of_row).tolist()):
        scores[at] = found
    return np.maximum(scores, np.float32(0))


def _find_components(multiply: Callable[[Floats], Floats], n: int, n_features: int, seed: int) -> Floats:
    """Return the main eigenvectors (D, K) of a matrix that multiplies (D, k) columns, by subspace iteration."""
    n_components = max(1, min(MAX_COMPONENTS, n // ROWS_PER_COMPONENT, n_features // 2))
    n_columns = min(n_components + N_SPARE, n_features)
    basis = np.random.default_rng(seed).standard_normal((n_features, n_columns), np.float32)
    for _ in range(N_ITERATIONS):
        basis = np.linalg.qr(multiply(basis))[0]
    _, vectors = np.linalg.eigh(basis.T @ multiply(basis))
    components: Floats = basis @ vectors[:, ::-1][:, :n_components]
    return components


def _multiply(rows: Floats) -> Floats:
    """Return the products (D, D) of features, summed over rows."""
    if len(rows) <= ROWS_AT_ONCE:
        return rows.T @ rows  # the sums of small blocks take as long as their products
    product: Floats = sum_blocks(lambda at: rows[at].T @ rows[at], rows)
    return product


def _measure_shares(scores: Floats, units: Sequence[str] | None) -> tuple[Floats, npt.NDArray[np.float64], int]:
    """Return increasing scores, the shares of photos of new units that score at least as high, and the number of units.

    The shares begin with 1 / (units + 1): less, no photo shows.
    """
    rows = UnitWeights.weigh(len(scores), units)
    order = np.argsort(-scores, kind="stable")
    ranked, above = scores[order], rows.measure_tails(order)
    is_last = np.append(ranked[1:] < ranked[:-1], True)  # of equal scores
    ranked, above = _begin_at(1 / (rows.n_units + 1), ranked[is_last], above[is_last])
    at = _choose_knots(len(ranked))
    return ranked[at][::-1].copy(), above[at][::-1] - ROUNDING, rows.n_units


def _begin_at(least: float, ranked: Floats, above: npt.NDArray[np.float64]) -> tuple[Floats, npt.NDArray[np.float64]]:
    """Return falling scores and their shares from a share on: the first score is interpolated."""
    first = int(np.searchsorted(above, least - 1e-12))
    if first == 0 or above[first] <= least + 1e-12:
        return ranked[first:], above[first:]
    start = np.float32(np.interp(least, above[first - 1 : first + 1], ranked[first - 1 : first + 1]))
    if not ranked[first] < start:  # equal in float32
        return np.append(start, ranked[first + 1 :]), np.append(least, above[first + 1 :])
    return np.append(start, ranked[first:]), np.append(least, above[first:])


def _choose_knots(n: int) -> npt.NDArray[np.int64]:
    """Return up to 128 of n positions: the first 48 and the last, and between them ever fewer."""
    if n <= MAX_KNOTS:
        return np.arange(n)
    rest = np.geomspace(N_TOP_KNOTS, n - 1, MAX_KNOTS - N_TOP_KNOTS).round().astype(np.int64)
    return np.unique(np.concatenate([np.arange(N_TOP_KNOTS), rest]))
