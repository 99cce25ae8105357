"""Kernel ridge regression that predicts every row without the row and its unit, in closed form.

One fit gives the predictions that N fits, each without one unit, would give. Rifkin and Lippert (2007), "Notes on
regularized least squares", section 3, have the formula for single rows. The kernel is a Gaussian. Of many rows it is
approximated by that of random landmarks (Williams and Seeger 2001, "Using the Nyström method").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from headstart.head.parallel_rows import map_blocks, sum_blocks, use_one_blas_thread
from headstart.head.standardise import measure_standardisation

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

MAX_LANDMARKS = 1500  # rows; with 2,000 the scores rank wrong labels as well, and take twice the time
PENALTIES = tuple(float(penalty) for penalty in np.geomspace(1e-2, 10, 7))
SMALLEST = 1e-5  # of the largest eigenvalue; smaller ones are rounding
JITTER = 1e-4  # of the kernel of a landmark with itself, which is 1: equal landmarks have no Cholesky factor
LEAST_REST = 1e-3  # of 1 - the influence of a row on its own prediction
FLOOR = 1.0  # of the median standard deviation: wrong labels are ranked better than with that of heads, 0.5


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Predictions of N rows for C classes, each row without its unit.

    Attributes
    ----------
    scores
        (N, C) float32: about 1 for the class of the row, and -1 for others.
    penalty
        The penalty of the fit.
    influence
        (N,) float32, 0 to 1: the influence of each row on its own prediction in the fit of all rows.
    alone
        (N, C) float32: the same as ``scores``, but each row without itself and with the others of its unit.
    """

    scores: Floats
    penalty: float
    influence: Floats
    alone: Floats


class KernelRidge:
    """A kernel ridge regression on N rows of D features; see the module.

    Parameters
    ----------
    X
        (N, D) float32 features; they are standardised here.
    units
        (N,) names of rows that are left out together. None: each row alone.
    importance
        (D,) factors of the standardised features. Default: 1.
    seed
        Seed of the landmarks.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    >>> y = (X[:, 0] > 0).astype(np.int64)
    >>> wrong = int(X[:, 0].argmax())
    >>> y[wrong] = 0
    >>> left_out = KernelRidge(X).predict_left_out(y, 2)
    >>> int(left_out.scores[wrong].argmax())
    1
    """

    def __init__(
        self, X: Floats, units: Sequence[str] | None = None, *, importance: Floats | None = None, seed: int = 0
    ) -> None:
        self._units = _list_units(units)
        self._inverses: dict[float, Floats] = {}  # of the last penalty
        with use_one_blas_thread():
            self.rows = _map_to_landmarks(X, importance, seed)

    def predict_left_out(
        self, y: Numbers, n_classes: int, *, weight: Floats | None = None, penalty: float | None = None
    ) -> LeftOut:
        """Fit the regression to class numbers, and predict every row without its unit.

        Parameters
        ----------
        weight
            (N,) weights above 0. Default: 1.
        penalty
            Default: the one of `PENALTIES` with the least squared error of these predictions.
        """
        root = np.ones(len(y), np.float32) if weight is None else np.sqrt(weight).astype(np.float32)
        targets = np.where(np.eye(n_classes, dtype=bool)[y], 1, -1).astype(np.float32) * root[:, None]
        with use_one_blas_thread():
            return self._predict_left_out(targets, root, penalty)

    def _predict_left_out(self, targets: Floats, root: Floats, penalty: float | None) -> LeftOut:
        rows = self.rows if (root == 1).all() else self.rows * root[:, None]
        if penalty is not None:  # an inverse takes half of the time of an eigendecomposition
            return self._leave_out(_Fit(_multiply_rows(rows, _invert(rows, penalty)), rows), targets, root, penalty)[1]
        values, basis = _decompose(rows)
        best: tuple[float, LeftOut] | None = None
        for tried in PENALTIES:
            shrunk = basis * (values / (values + tried)).astype(np.float32)
            found = self._leave_out(_Fit(shrunk, basis), targets, root, tried)
            if best is None or found[0] < best[0]:
                best = found
        assert best is not None  # noqa: S101  for the type checker
        return best[1]

    def _leave_out(self, fit: _Fit, targets: Floats, root: Floats, penalty: float) -> tuple[float, LeftOut]:
        """Return the predictions of a fit, and their mean squared error."""
        influence: Floats = np.einsum("nk,nk->n", fit.left, fit.right)
        fitted: Floats = fit.left @ (fit.right.T @ targets)
        alone = (fitted - influence[:, None] * targets) / np.maximum(1 - influence, LEAST_REST)[:, None]
        scores = alone.copy() if self._units else alone
        for unit in self._units:
            shared = fit.left[unit] @ fit.right[unit].T
            rest = np.eye(len(unit), dtype=np.float32) * (1 + LEAST_REST) - shared
            scores[unit] = np.linalg.solve(rest, fitted[unit] - shared @ targets[unit])
        error = float(np.mean((scores - targets) ** 2))
        both = [(some / root[:, None]).astype(np.float32, copy=False) for some in (scores, alone)]
        return error, LeftOut(both[0], penalty, influence, both[1])

    def measure_influence(self, at: Numbers, left_out: LeftOut) -> Floats:
        """Return (n, N): by how much the score of each row without its unit changes with the targets of some rows.

        It is 0 for rows of one unit. ``left_out`` is the result of the fit, with weights of 1.
        """
        rows = self.rows
        with use_one_blas_thread():
            inverse = self._invert(left_out.penalty)
            some = rows[at] @ inverse
            influence = np.concatenate(map_blocks(lambda block: some[block] @ rows.T, some))
            shares = [(rows[unit] @ inverse) @ rows[unit].T for unit in self._units]
        fitted = [influence[:, unit] for unit in self._units]
        influence /= np.maximum(1 - left_out.influence, LEAST_REST)
        for unit, shared, before in zip(self._units, shares, fitted, strict=True):
            influence[:, unit] = np.linalg.solve(np.eye(len(unit)) * (1 + LEAST_REST) - shared, before.T).T
            influence[np.ix_(np.isin(at, unit), unit)] = 0
        influence[np.arange(len(at)), at] = 0
        return influence

    def _invert(self, penalty: float) -> Floats:
        """Return the inverse (k, k) of the products of all rows and the penalty."""
        if penalty not in self._inverses:
            self._inverses = {penalty: _invert(self.rows, penalty)}
        return self._inverses[penalty]


class _Fit(NamedTuple):
    """A fit of weighted rows: ``left @ right.T``, both (N, k), is its hat matrix."""

    left: Floats
    right: Floats


def _invert(rows: Floats, penalty: float) -> Floats:
    gram = _multiply(rows, rows)
    gram[np.diag_indices_from(gram)] += np.float32(penalty)
    return np.linalg.inv(gram).astype(np.float32)


def _decompose(rows: Floats) -> tuple[npt.NDArray[np.float64], Floats]:
    """Return k eigenvalues of the products of rows, and an orthonormal basis (N, k) of the rows."""
    values, vectors = np.linalg.eigh(_multiply(rows, rows))
    is_large = values > SMALLEST * values[-1]
    values = values[is_large].astype(np.float64)
    return values, _multiply_rows(rows, (vectors[:, is_large] / np.sqrt(values)).astype(np.float32))


def _list_units(units: Sequence[str] | None) -> list[Numbers]:
    """Return the row numbers of each unit of several rows."""
    if units is None:
        return []
    members: dict[str, list[int]] = {}
    for number, unit in enumerate(units):
        members.setdefault(unit, []).append(number)
    return [np.array(some) for some in members.values() if len(some) > 1]


def _map_to_landmarks(X: Floats, importance: Floats | None, seed: int) -> Floats:
    """Return rows (N, k) whose products are the kernel of the features, or its approximation."""
    standardisation = measure_standardisation(X, np.ones(len(X)), floor=FLOOR)
    mean, scale = standardisation.mean.astype(np.float32), standardisation.scale.astype(np.float32)
    if importance is not None:
        scale /= importance
    n = min(len(X), MAX_LANDMARKS)
    at = np.sort(np.random.default_rng(seed).choice(len(X), n, replace=False))
    landmarks = (X[at] - mean) / scale
    lengths = np.einsum("nd,nd->n", landmarks, landmarks)

    def measure(rows: slice) -> Floats:
        some = (X[rows] - mean) / scale
        distances: Floats = -2 * (some @ landmarks.T)
        distances += np.einsum("nd,nd->n", some, some)[:, None]
        distances += lengths
        return np.maximum(distances, 0, out=distances)

    distances = np.concatenate(map_blocks(measure, X))
    among = distances[at]
    typical = float(np.median(among[np.triu_indices(n, 1)])) or 1.0
    kernel = np.exp(distances / np.float32(-typical), out=distances)
    among = kernel[at].astype(np.float64)
    among[np.diag_indices(n)] += JITTER
    turn = np.linalg.inv(np.linalg.cholesky(among)).T.astype(np.float32)
    return _multiply_rows(kernel, turn)


def _multiply_rows(rows: Floats, factors: Floats) -> Floats:
    """Return the product of rows (N, k) and factors (k, m)."""
    return np.concatenate(map_blocks(lambda some: rows[some] @ factors, rows))


def _multiply(one: Floats, other: Floats) -> Floats:
    product: Floats = sum_blocks(lambda rows: one[rows].T @ other[rows], one, other)
    return product
