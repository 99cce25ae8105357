"""Heads that are fitted side by side, each without the rows of one or two folds."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.lbfgs import Memory, minimise
from headstart.head.objective import Objective, PointInMemory, evaluate_scores
from headstart.head.reduction import make_precondition
from headstart.head.ridge import score_ridge
from headstart.head.training_rows import PreparedRows

# With a tolerance ten times smaller, the loss changes in its fourth digit; from fold to fold it changes by much more.
# At 1e-2 the heads would stay near the last strength's, and weaker regularisation would seem to change nothing.
TOLERANCE = 1e-3
MAX_ITERATIONS = 200


class FoldAssignment:
    """Which fold's head scores each row, and with which weights each head is fitted."""

    def __init__(self, prepared: PreparedRows, folds: npt.NDArray[np.int64], n_held: int) -> None:
        rows, n_classes = prepared.rows, prepared.n_classes
        numbers = range(min(n_held, int(folds.max()) + 1))
        is_used = rows.weight > 0
        # n_left[fold, class]: rows of the class that the fold leaves to fit to
        n_left = np.array([np.bincount(rows.y[(folds != fold) & is_used], minlength=n_classes) for fold in numbers])
        held = np.flatnonzero((n_left > 0).sum(axis=1) >= 2)
        self.column = np.full(len(folds), -1)  # of the head that was fitted without the row; -1: no head can score it
        for column, fold in enumerate(held):
            self.column[(folds == fold) & is_used & (n_left[fold][rows.y] > 0)] = column
        self.scored = np.flatnonzero(self.column >= 0)
        self.weight = rows.weight[:, None] * (folds[:, None] != held)  # (N, folds), in each head's fit
        self.held = held  # the fold that each head holds out

    def pick(self, scores: npt.NDArray[Any], first: int = 0) -> npt.NDArray[Any]:
        """Return the scores (n, K) of the rows that can be scored, from those of all heads, (N, P, K).

        ``first`` is the number of this assignment's first head among the P heads.
        """
        picked: npt.NDArray[Any] = scores[self.scored, first + self.column[self.scored]]
        return picked

    def take_fold(self, column: int) -> FoldAssignment:
        """Return the assignment of one of the heads alone."""
        part = copy(self)
        part.column = np.where(self.column == column, 0, -1)
        part.scored = np.flatnonzero(part.column >= 0)
        part.weight = self.weight[:, [column]]
        return part


class FoldHeads:
    """P heads with different weights of the same rows, fitted side by side; a strength starts from the last heads.

    The weights are (N, P). A weight of 0 holds a row out.
    """

    def __init__(self, prepared: PreparedRows, weight: npt.NDArray[np.float64]) -> None:
        self._prepared = prepared
        self._objective = Objective(prepared.Z, prepared.rows.y, weight, prepared.n_classes)
        self.coefficients, self._memory = self._objective.make_start(), Memory()
        self._ridge_scores = score_ridge(prepared, weight) if prepared.has_ridge else None

    def fit(self, strength: float | npt.NDArray[np.float64], tolerance: float = TOLERANCE) -> npt.NDArray[Any]:
        """Fit the heads, all with one strength or each with its own, (P,); return the scores of all rows, (N, P, K)."""
        point = PointInMemory(self._objective, strength, self.coefficients)
        precondition = make_precondition(self._prepared, point.ridge)
        minimise(point, self._memory, tolerance=tolerance, max_iterations=MAX_ITERATIONS, precondition=precondition)
        self.coefficients = point.coefficients
        return point.scores if self._ridge_scores is None else (point.scores + self._ridge_scores) / 2


@dataclass(frozen=True, eq=False)
class HeldOutPredictions:
    """Predictions for N photos, each by a head that was fitted without the photo.

    Attributes
    ----------
    fold
        (N,) int64: the fold that held the photo out; -1 if no head could predict it.
    is_right
        (N,) bool: whether the photo's class had the highest score; False if no head could predict it.
    scores
        (N, C) class scores; 0 if no head could predict the photo. Their softmax are probabilities.
    """

    fold: npt.NDArray[np.int64]
    is_right: npt.NDArray[np.bool_]
    scores: npt.NDArray[np.float32]


def gather_predictions(
    prepared: PreparedRows,
    assignment: FoldAssignment,
    scores: npt.NDArray[Any] | None,
    *,
    n_views: int,
    n_averaged: int,
) -> HeldOutPredictions:
    """Gather the predictions of photos from the scores of their rows.

    Parameters
    ----------
    scores
        (n, K) scores of the n rows of ``assignment.scored``; None if there is no such row.
    n_views, n_averaged
        The rows are ``n_views`` blocks of the same photos. The scores of the first ``n_averaged`` views are averaged.
    """
    y = prepared.rows.y
    fold = assignment.column[: len(y) // n_views]
    is_right, held = np.zeros(len(fold), bool), np.zeros((len(fold), prepared.n_classes), np.float32)
    if scores is not None:
        at = np.flatnonzero(fold >= 0)
        if n_averaged > 1:
            scores = scores.reshape(n_views, len(at), -1)[:n_averaged].mean(0)
        is_right[at] = evaluate_scores(scores[: len(at)], y[at])[1]
        held[at, -scores.shape[1] :] = scores[: len(at)]  # of two classes, one column: the log odds of the second
    return HeldOutPredictions(fold, is_right, held)
