"""What the convex solver minimises: the mean log loss of one or several heads over the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.parallel_rows import map_blocks, sum_blocks

Array = npt.NDArray[Any]
# A product with a few columns goes column by column over rows that stay in a core's own cache: 1.7 ms instead of 3.0
# for 10,000 x 1,281 and 5 columns, for a product of matrices copies its operands first.
FEW, PART_ROWS = range(2, 9), 128


class Objective:
    """P problems on the same N rows that differ in the weights of the rows: a fold is held out by weights of 0.

    The problem p with coefficients B (K, D + 1), of which the last column is the bias, has the objective
    ``sum_i w_ip * loss(y_i, B x_i) / W_p + ridge_p / 2 * ||B without bias||^2`` with ``W_p = sum_i w_ip``.
    K = C columns of scores for C > 2 classes, one for two: the log odds of class 1. One column has half the
    arithmetic, and makes the ridge that of scikit-learn, which would otherwise differ by a factor of 2.

    Parameters
    ----------
    X
        (N, D + 1), the last column all ones.
    y
        (N,) int64.
    weight
        (N, P), at least 0, no column all 0.

    Attributes
    ----------
    scale
        (P,) norm of the gradient at coefficients of 0: what later gradients are measured by.
    """

    def __init__(self, X: Array, y: npt.NDArray[np.int64], weight: Array, n_classes: int) -> None:
        self.n_columns = 1 if n_classes == 2 else n_classes
        self.n_problems = weight.shape[1]
        self.total = weight.sum(axis=0)
        self._X, self._y = X, y
        self._share = (weight / self.total).astype(X.dtype)
        self.is_ridged = mark_ridged(X.shape[1], self.n_columns).astype(X.dtype)
        _, pull = self.evaluate(np.zeros((len(X), self.n_problems, self.n_columns), X.dtype))
        gradient = self.pull_back(pull)
        self.scale = measure_scale(gradient)

    def make_start(self) -> Array:
        """Return coefficients of 0, (P, K * (D + 1)): the bias is every (D + 1)th of a row."""
        return np.zeros((self.n_problems, self.n_columns * self._X.shape[1]), self._X.dtype)

    def score(self, coefficients: Array) -> Array:
        """Return (N, P, K) scores for coefficients (P, K * (D + 1)). One pass over the rows, for all problems."""
        columns = coefficients.reshape(-1, self._X.shape[1])
        scores = np.empty((len(self._X), len(columns)), self._X.dtype)

        def write(rows: slice) -> None:
            scores[rows] = score_rows(self._X[rows], columns)

        map_blocks(write, self._X)
        return scores.reshape(-1, self.n_problems, self.n_columns)

    def pull_back(self, pull: Array) -> Array:
        """Return the gradient (P, K * (D + 1)) by the coefficients for one by the scores. The other pass."""
        columns = pull.reshape(len(self._X), -1)
        gradient = sum_blocks(lambda rows: pull_rows(self._X[rows], columns[rows]), self._X)
        return centre_classes(gradient.reshape(self.n_problems, self.n_columns, -1)).reshape(self.n_problems, -1)

    def evaluate(self, scores: Array) -> tuple[npt.NDArray[np.float64], Array]:
        """Return the loss of each problem, (P,), and its gradient by the scores, (N, P, K), without the ridge."""
        losses, pull = measure_losses(scores, self._y, self._share)
        return np.einsum("np,np->p", self._share, losses, dtype=np.float64), pull

    def bound_curvature(self, drift: Array) -> Array:
        """Return an upper bound (P,) of the loss's second derivative along a change of the scores, (N, P, K)."""
        # the Hessian by the scores is at most 1/4 for one column and 1/2 for several (Boehning 1992)
        most = 0.25 if self.n_columns == 1 else 0.5
        bound: Array = most * np.einsum("np,npk,npk->p", self._share, drift, drift)
        return bound


def score_rows(X: Array, columns: Array) -> Array:
    """Return the scores (n, J) of a block of rows (n, D + 1) for J columns of coefficients (J, D + 1)."""
    if len(columns) not in FEW:
        product: Array = X @ columns.T
        return product
    scores = np.empty((len(X), len(columns)), X.dtype)
    for part in _split(len(X)):
        scores[part] = np.matmul(X[None, part], columns[:, :, None])[:, :, 0].T
    return scores


def pull_rows(X: Array, pull: Array) -> Array:
    """Return a block's part of the gradient by the coefficients, (J, D + 1), for that by its scores, (n, J)."""
    if pull.shape[1] not in FEW:
        product: Array = pull.T @ X
        return product
    total = np.zeros((pull.shape[1], X.shape[1]), X.dtype)
    for part in _split(len(X)):
        total += np.matmul(pull[part].T[:, None], X[None, part])[:, 0]
    return total


def _split(n_rows: int) -> list[slice]:
    return [slice(start, start + PART_ROWS) for start in range(0, n_rows, PART_ROWS)]


def measure_losses(scores: Array, y: npt.NDArray[np.int64], share: Array) -> tuple[Array, Array]:
    """Return the log loss of each row, (N, P), and the gradient of their sum by the scores, (N, P, K).

    Parameters
    ----------
    scores
        (N, P, K), K = 1 the log odds of class 1.
    share
        (N, P) or (N, 1): how much a row counts in that sum. It counts in the gradient alone.
    """
    if scores.shape[2] == 1:
        sign = np.where(y == 1, 1, -1).astype(scores.dtype)[:, None]
        margin = sign * scores[..., 0]
        power = np.exp(-np.abs(margin))  # at most 1, so nothing overflows
        losses = np.log1p(power) + np.maximum(-margin, 0)
        misses = np.where(margin >= 0, power, 1) / (1 + power)
        return losses, (-share * sign * misses)[..., None]
    top = scores.max(axis=2, keepdims=True)
    pull = np.exp(scores - top)
    total = pull.sum(axis=2, keepdims=True)
    rows = np.arange(len(scores))
    losses = (np.log(total) + top)[..., 0] - scores[rows, :, y]
    pull *= share[..., None] / total
    pull[rows, :, y] -= share
    return losses, pull


def centre_classes(gradient: Array) -> Array:
    """Take the mean over the classes from a gradient (P, K, D + 1), in place.

    The classes' gradients cancel, but their rounding errors do not, and no ridge would stop the biases from drifting
    off together.
    """
    if gradient.shape[1] > 1:
        gradient -= gradient.mean(axis=1, keepdims=True)
    return gradient


def measure_scale(gradient: Array) -> Array:
    """Return what gradients are measured by, (P,), for the gradient at coefficients of 0, (P, K * (D + 1))."""
    # Features that tell the classes nothing have a gradient of rounding errors; do not solve for those. (A feature of
    # standard deviation 1 that did tell the classes apart would have a gradient of up to 1.)
    scale: Array = np.maximum(np.sqrt(np.einsum("pj,pj->p", gradient, gradient)), 1e-2)
    return scale


def mark_ridged(n_inputs: int, n_columns: int) -> npt.NDArray[np.bool_]:
    """Return which coefficients the ridge holds small, (K * (D + 1),): all but the biases."""
    return np.tile(np.arange(n_inputs) < n_inputs - 1, n_columns)


def judge_scores(scores: Array, y: npt.NDArray[np.int64]) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return the log loss in nats, (N,), and whether the top class is the true one, (N,), row by row.

    Parameters
    ----------
    scores
        (N, C), or (N, 1) with the log odds of class 1.

    Examples
    --------
    >>> losses, is_right = judge_scores(np.array([[0.0], [2.0]]), np.array([1, 1]))
    >>> losses.round(3).tolist(), is_right.tolist()
    ([0.693, 0.127], [False, True])
    """
    if scores.shape[1] == 1:
        margin = np.where(y == 1, scores[:, 0], -scores[:, 0])
        losses = np.log1p(np.exp(-np.abs(margin))) + np.maximum(-margin, 0)
    else:
        top = scores.max(axis=1)
        losses = np.log(np.exp(scores - top[:, None]).sum(axis=1)) + top - scores[np.arange(len(y)), y]
    return losses, are_right(scores, y)


def are_right(scores: Array, y: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return whether the top class is the true one, (N,), for scores as `judge_scores` takes them."""
    is_right: npt.NDArray[np.bool_] = (
        (scores[:, 0] > 0) == (y == 1) if scores.shape[1] == 1 else scores.argmax(axis=1) == y
    )
    return is_right
