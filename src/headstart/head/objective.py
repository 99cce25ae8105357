"""The objective of a linear head: the mean log loss and a ridge penalty, for one or several heads over the same rows.

N rows, D features and a constant 1, C classes, P problems. A head has K columns of scores: K = C for more than two
classes, and K = 1 for two, the log odds of class 1. One column halves the arithmetic. It also makes the ridge that of
scikit-learn, which would otherwise differ by a factor of 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.lbfgs import dot, shorten_step
from headstart.head.parallel_rows import map_blocks, split_rows, sum_blocks

Array = npt.NDArray[Any]
# A product with few columns is computed column by column, over rows that fit into a core's cache: 1.7 ms instead of
# 3.0 for 10,000 x 1,281 and 5 columns. A product of two matrices would copy its operands first.
FEW, PART_ROWS = range(2, 9), 128
MAX_TRIALS = 30  # of the size of one step


class Objective:
    """P problems on the same N rows with different weights of the rows: a weight of 0 holds a row out.

    The problem p with coefficients B (K, D + 1), of which the last column is the bias, has the objective
    ``sum_i w_ip * loss(y_i, B x_i) / W_p + ridge_p / 2 * ||B without bias||^2`` with ``W_p = sum_i w_ip``. X is
    (N, D + 1), the last column all ones; y is (N,); the weights are (N, P), at least 0, no column all 0. ``scale`` (P,)
    is the norm of the gradient at coefficients of 0: the unit of later gradient norms.
    """

    def __init__(self, X: Array, y: npt.NDArray[np.int64], weight: Array, n_classes: int) -> None:
        self.n_columns = 1 if n_classes == 2 else n_classes
        self.n_problems = weight.shape[1]
        self.total = weight.sum(axis=0)
        self._X, self._y = X, y
        self._share = (weight / self.total).astype(X.dtype)
        self.is_ridged = mark_ridged(X.shape[1], self.n_columns).astype(X.dtype)
        _, score_gradient = self.evaluate(np.zeros((len(X), self.n_problems, self.n_columns), X.dtype))
        self.scale = measure_scale(self.sum_gradient(score_gradient))

    def make_start(self) -> Array:
        """Return coefficients of 0, (P, K * (D + 1)); every (D + 1)th of a row is a bias."""
        return np.zeros((self.n_problems, self.n_columns * self._X.shape[1]), self._X.dtype)

    def score(self, coefficients: Array) -> Array:
        """Return the scores (N, P, K) for coefficients (P, K * (D + 1)), in one pass over the rows."""
        scores = score_rows(self._X, coefficients.reshape(-1, self._X.shape[1]))
        return scores.reshape(-1, self.n_problems, self.n_columns)

    def sum_gradient(self, score_gradient: Array) -> Array:
        """Return the gradient by the coefficients, (P, K * (D + 1)), for that by the scores, (N, P, K), in one pass."""
        columns = score_gradient.reshape(len(self._X), -1)
        gradient = sum_blocks(lambda rows: sum_block_gradient(self._X[rows], columns[rows]), self._X)
        return centre_classes(gradient.reshape(self.n_problems, self.n_columns, -1)).reshape(self.n_problems, -1)

    def evaluate(self, scores: Array) -> tuple[npt.NDArray[np.float64], Array]:
        """Return the loss of each problem, (P,), and its gradient by the scores, (N, P, K), without the ridge."""
        losses, score_gradient = measure_losses(scores, self._y, self._share)
        return np.einsum("np,np->p", self._share, losses, dtype=np.float64), score_gradient

    def bound_curvature(self, score_change: Array) -> Array:
        """Return an upper bound (P,) of the loss's second derivative along a change of the scores, (N, P, K)."""
        # the Hessian by the scores is at most 1/4 for one column and 1/2 for several (Boehning 1992)
        most = 0.25 if self.n_columns == 1 else 0.5
        bound: Array = most * np.einsum("np,npk,npk->p", self._share, score_change, score_change)
        return bound


class PointInMemory:
    """Coefficients of all problems of an `Objective`, and their scores, losses and gradients.

    The strength is one number, or one for each problem, (P,). The scores (N, P, K) are kept. They are linear in the
    coefficients, so an iteration takes two passes over the rows, however many sizes of its step are tried.
    """

    def __init__(self, objective: Objective, strength: float | Array, start: Array) -> None:
        self._objective = objective
        self.ridge = (1 / (strength * objective.total)).astype(start.dtype)[:, None] * objective.is_ridged
        self.coefficients = start
        self.scores = objective.score(start)
        self._loss, score_gradient = objective.evaluate(self.scores)
        self._measure_gradient(score_gradient)

    def _measure_gradient(self, score_gradient: Array) -> None:
        self.loss_gradient = self._objective.sum_gradient(score_gradient)
        self.gradient = self.loss_gradient + self.ridge * self.coefficients
        self.gradient_norm = np.sqrt(dot(self.gradient, self.gradient)) / self._objective.scale

    def advance(self, direction: Array, *, is_scaled: bool) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Move along a direction, as `Point.advance`.

        Along a direction without a scale, the first size comes from a bound on the curvature: it is never too long.
        """
        score_change = self._objective.score(direction)
        slope = dot(self.gradient, direction)
        ridge_slope = dot(self.ridge * self.coefficients, direction)
        ridge_curvature = dot(self.ridge * direction, direction)
        size = np.ones_like(slope)
        if not is_scaled:
            bound = self._objective.bound_curvature(score_change) + ridge_curvature
            size = np.divide(-slope, bound, out=size, where=bound > 0)
        for trial in range(MAX_TRIALS):
            scores = self.scores + size[:, None] * score_change
            loss, score_gradient = self._objective.evaluate(scores)
            new_slope = np.einsum("npk,npk->p", score_gradient, score_change) + ridge_slope + size * ridge_curvature
            increase = loss - self._loss + size * (ridge_slope + size * ridge_curvature / 2)
            factor = shorten_step(slope, new_slope, increase, self._loss)
            if (factor == 1).all():
                break
            # at the limit of rounding no step is short enough: the problem stays where it is
            is_last = trial == MAX_TRIALS - 2
            size = np.where(factor == 1, size, 0 if is_last else size * factor)
        step = size[:, None] * direction
        self.coefficients, self.scores, self._loss = self.coefficients + step, scores, loss
        self._measure_gradient(score_gradient)
        return step, size > 0


def score_rows(X: Array, columns: Array) -> Array:
    """Return the scores (N, M) of N rows (N, D + 1), on all cores; ``columns`` (M, D + 1) as for `score_block`."""
    scores = np.empty((len(X), len(columns)), X.dtype)

    def write(rows: slice) -> None:
        scores[rows] = score_block(X[rows], columns)

    map_blocks(write, X)
    return scores


def score_block(X: Array, columns: Array) -> Array:
    """Return the scores (n, M) of n rows (n, D + 1): X @ columns.T.

    Each of the M rows of ``columns`` has the coefficients of one column of scores.
    """
    if len(columns) not in FEW:
        product: Array = X @ columns.T
        return product
    scores = np.empty((len(X), len(columns)), X.dtype)
    for part in split_rows(len(X), PART_ROWS):
        scores[part] = np.matmul(X[None, part], columns[:, :, None])[:, :, 0].T
    return scores


def sum_block_gradient(X: Array, score_gradient: Array) -> Array:
    """Return a block's part of the gradient by the coefficients, (J, D + 1), for its gradient by the scores, (n, J)."""
    if score_gradient.shape[1] not in FEW:
        product: Array = score_gradient.T @ X
        return product
    total = np.zeros((score_gradient.shape[1], X.shape[1]), X.dtype)
    for part in split_rows(len(X), PART_ROWS):
        total += np.matmul(score_gradient[part].T[:, None], X[None, part])[:, 0]
    return total


def measure_losses(scores: Array, y: npt.NDArray[np.int64], share: Array) -> tuple[Array, Array]:
    """Return the log loss of each row, (N, P), and the gradient of their weighted sum by the scores, (N, P, K).

    ``share``, (N, P) or (N, 1), is the weight of each row in the sum. The losses themselves are not weighted.
    """
    if scores.shape[2] == 1:
        sign = np.where(y == 1, 1, -1).astype(scores.dtype)[:, None]
        margin = sign * scores[..., 0]
        power = np.exp(-np.abs(margin))  # at most 1, so nothing overflows
        losses = np.log1p(power) + np.maximum(-margin, 0)
        misses = np.where(margin >= 0, power, 1) / (1 + power)
        return losses, (-share * sign * misses)[..., None]
    top = scores.max(axis=2, keepdims=True)
    score_gradient = np.exp(scores - top)
    total = score_gradient.sum(axis=2, keepdims=True)
    rows = np.arange(len(scores))
    losses = (np.log(total) + top)[..., 0] - scores[rows, :, y]
    score_gradient *= share[..., None] / total
    score_gradient[rows, :, y] -= share
    return losses, score_gradient


def centre_classes(gradient: Array) -> Array:
    """Subtract the mean over the classes from a gradient (P, K, D + 1), in place.

    The exact mean is 0. Rounding errors would add up, and no ridge would stop the biases from drifting off together.
    """
    if gradient.shape[1] > 1:
        gradient -= gradient.mean(axis=1, keepdims=True)
    return gradient


def measure_scale(gradient: Array) -> Array:
    """Return the unit of gradient norms, (P,), for the gradient at coefficients of 0, (P, K * (D + 1))."""
    # If no feature tells the classes apart, the gradient is rounding error: then 0.01 is the unit, and the start counts
    # as solved. (One feature of standard deviation 1 that tells the classes apart has a gradient of up to 1.)
    scale: Array = np.maximum(np.sqrt(np.einsum("pj,pj->p", gradient, gradient)), 1e-2)
    return scale


def mark_ridged(n_inputs: int, n_columns: int) -> npt.NDArray[np.bool_]:
    """Return which coefficients have a ridge penalty, (K * (D + 1),): all but the biases."""
    return np.tile(np.arange(n_inputs) < n_inputs - 1, n_columns)


def evaluate_scores(scores: Array, y: npt.NDArray[np.int64]) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return the log loss in nats, (N,), and whether the top class is the true one, (N,), for scores (N, K).

    Examples
    --------
    >>> losses, is_right = evaluate_scores(np.array([[0.0], [2.0]]), np.array([1, 1]))
    >>> losses.round(3).tolist(), is_right.tolist()
    ([0.693, 0.127], [False, True])
    """
    if scores.shape[1] == 1:
        margin = np.where(y == 1, scores[:, 0], -scores[:, 0])
        losses = np.log1p(np.exp(-np.abs(margin))) + np.maximum(-margin, 0)
    else:
        top = scores.max(axis=1)
        losses = np.log(np.exp(scores - top[:, None]).sum(axis=1)) + top - scores[np.arange(len(y)), y]
    return losses, mark_right(scores, y)


def mark_right(scores: Array, y: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return whether the top class is the true one, (N,), for scores as in `evaluate_scores`."""
    is_right: npt.NDArray[np.bool_]
    is_right = (scores[:, 0] > 0) == (y == 1) if scores.shape[1] == 1 else scores.argmax(axis=1) == y
    return is_right
