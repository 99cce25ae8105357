"""How firmly to hold the weights small: cross-validation inside the training rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.folds import make_folds
from headstart.head.lbfgs import Memory, minimise
from headstart.head.logistic import check_strengths
from headstart.head.objective import Objective, judge_scores
from headstart.head.prepared_rows import PreparedRows

DEFAULT = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0, 10.0)
FALLBACK = 1e-2  # where no row can be held out: in the middle of what was best on real photos, 0.001 to 0.1
# The loss moves in its fourth digit if solved ten times as well, and by much more from fold to fold; at 1e-2 the
# warm start hides what a weaker strength does.
TOLERANCE = 1e-3
MAX_ITERATIONS = 200
HOPELESS = 1.05  # times the least loss so far: the loss has one valley, and the far side of it takes longest to solve
MANY_SCORES = 500_000  # rows times classes: from here on one fold holds out enough, and five would take long


@dataclass(frozen=True, slots=True)
class StrengthRow:
    """One strength and how well it did on held-out rows.

    Attributes
    ----------
    strength
        The inverse regularisation strength C.
    loss, accuracy
        Mean log loss in nats and mean accuracy over the held-out rows, each counted with its weight.
    accuracy_sd
        Standard deviation of the accuracy from fold to fold; 0 where only one fold could be judged.
    """

    strength: float
    loss: float
    accuracy: float
    accuracy_sd: float


@dataclass(frozen=True, slots=True)
class StrengthChoice:
    """The chosen strength and those that were tried, ascending, up to where the loss was clearly on the rise."""

    strength: float
    table: tuple[StrengthRow, ...]


def choose_strength(
    prepared: PreparedRows,
    *,
    seed: int,
    groups: npt.NDArray[Any] | None = None,
    strengths: Sequence[float] = DEFAULT,
    n_folds: int = 5,
) -> StrengthChoice:
    """Choose the strength of `fit_logistic` that has the least mean log loss on held-out rows.

    Parameters
    ----------
    prepared
        The rows.
    seed
        Of the folds. The same rows and seed give the same choice.
    groups
        (N,) names; rows of one group are held out together.
    strengths
        Values of C to try, in any order.

    Raises
    ------
    FitError
        If the strengths or the folds cannot be used.

    Notes
    -----
    A row is judged only if its class is among the rows that its fold's head was fitted to. If no row is, the choice is
    the strength nearest to 0.01 and the table is empty. With half a million scores or more (rows times classes) one
    fold is held out instead of all. 2,000 rows of 1,280 features and two classes take 0.2 s on 2 cores, 10,000 some
    0.8 s.

    Rejected: the firmest strength whose accuracy is within one standard error of that of the least loss. On cats and
    dogs, ants and bees, and coffee leaves, at 200 to 2,000 training photos and 8 splits each, it cost 0.3 to 2 points
    of test accuracy, and up to quadrupled the test loss.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    >>> from headstart.head.prepared_rows import prepare_rows
    >>> prepared = prepare_rows(X, (X[:, 0] > 0).astype(int), 2)
    >>> choice = choose_strength(prepared, seed=0, strengths=(0.01, 1.0))
    >>> choice.strength, [row.strength for row in choice.table]
    (1.0, [0.01, 1.0])
    """
    check_strengths(*strengths)
    y = prepared.rows.y
    folds = make_folds(y, n_folds=n_folds, seed=seed, groups=groups)
    is_large = len(y) * prepared.n_classes >= MANY_SCORES
    deal = _Deal(prepared, folds, n_held=1 if is_large else n_folds)
    if not deal.n_judged:
        return StrengthChoice(float(min(strengths, key=lambda strength: abs(np.log(strength / FALLBACK)))), ())
    table: list[StrengthRow] = []
    trial = _Trial(prepared, [deal])
    for strength in sorted(strengths):
        table.append(trial.judge_strength(float(strength)))
        if table[-1].loss > HOPELESS * min(row.loss for row in table):
            break
    return StrengthChoice(min(table, key=lambda row: row.loss).strength, tuple(table))


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What heads say of rows that they were not fitted to.

    Attributes
    ----------
    fold
        (N,) int64: which fold held the row out; -1 where no head could judge it.
    is_right
        (N,) bool: whether the row's class had the highest score; False where no head could judge it.
    """  # N photos: where rows are views of photos, one for each photo

    fold: npt.NDArray[np.int64]
    is_right: npt.NDArray[np.bool_]


def hold_out(
    prepared: PreparedRows,
    *,
    strength: float,
    seeds: Sequence[int],
    groups: npt.NDArray[Any] | None = None,
    n_folds: int = 5,
    n_views: int = 1,
    n_averaged: int = 1,
) -> list[HeldOut]:
    """Judge every row by a head of one strength that was fitted to the other folds: once for each seed, side by side.

    Parameters
    ----------
    prepared, groups
        As for `choose_strength`.
    seeds
        Of the folds.
    n_views
        The rows are so many blocks, each with one view of the same N photos in the same order. Heads are fitted to all
        of them; every photo is judged once. Its views must be of one group.
    n_averaged
        Each photo is judged by the mean score of so many of its views.

    Raises
    ------
    FitError
        As `choose_strength`.
    """
    check_strengths(strength)
    y = prepared.rows.y
    deals = [
        _Deal(prepared, make_folds(y, n_folds=n_folds, seed=seed, groups=groups), n_held=n_folds) for seed in seeds
    ]
    judged = [deal for deal in deals if deal.n_judged]
    answers = iter(_Trial(prepared, judged).score_rows(strength) if judged else [])
    held = []
    for deal in deals:
        fold = deal.column[: len(y) // n_views]
        is_right = np.zeros(len(fold), bool)
        if deal.n_judged:
            scores = next(answers)
            at = np.flatnonzero(fold >= 0)
            if n_averaged > 1:
                scores = scores.reshape(n_views, len(at), -1)[:n_averaged].mean(0)
            is_right[at] = judge_scores(scores[: len(at)], y[at])[1]
        held.append(HeldOut(fold, is_right))
    return held


class _Deal:
    """Rows dealt into folds: which fold's head judges a row, and with which weights each is fitted.

    Attributes
    ----------
    column
        (N,) the place of the head that has not seen the row; -1 where none can judge it.
    judged
        The numbers of the rows that are judged.
    weight
        (N, folds) of the rows in each head's fit.
    """

    def __init__(self, prepared: PreparedRows, folds: npt.NDArray[np.int64], n_held: int) -> None:
        rows, n_classes = prepared.rows, prepared.n_classes
        parts = range(min(n_held, int(folds.max()) + 1))
        # of each fold: how many rows of each class are left to fit to
        is_used = rows.weight > 0
        left = np.array([np.bincount(rows.y[(folds != part) & is_used], minlength=n_classes) for part in parts])
        held = np.flatnonzero((left > 0).sum(axis=1) >= 2)
        self.column = np.full(len(folds), -1)
        for column, part in enumerate(held):
            self.column[(folds == part) & is_used & (left[part][rows.y] > 0)] = column
        self.judged = np.flatnonzero(self.column >= 0)
        self.n_judged = len(self.judged)
        self.weight = rows.weight[:, None] * (folds[:, None] != held)


class _Trial:
    """All folds of all deals side by side: one head a fold, which moves on from strength to strength."""

    def __init__(self, prepared: PreparedRows, deals: Sequence[_Deal]) -> None:
        self._rows, self._deals = prepared.rows, deals
        weight = np.hstack([deal.weight for deal in deals])
        self._objective = Objective(prepared.Z, prepared.rows.y, weight, prepared.n_classes)
        self._coefficients, self._memory = self._objective.make_start(), Memory()

    def score_rows(self, strength: float) -> list[npt.NDArray[Any]]:
        """Fit the heads from those of the strength before; return the scores of each deal's judged rows."""
        minimum = minimise(
            self._objective, strength, self._coefficients, self._memory,
            tolerance=TOLERANCE, max_iterations=MAX_ITERATIONS,
        )  # fmt: skip
        self._coefficients = minimum.coefficients
        answers, first = [], 0
        for deal in self._deals:
            answers.append(minimum.scores[deal.judged, first + deal.column[deal.judged]])
            first += deal.weight.shape[1]
        return answers

    def judge_strength(self, strength: float) -> StrengthRow:
        """Return the row of the table of strengths, by the only deal."""
        judged = self._deals[0].judged
        losses, is_right = judge_scores(self.score_rows(strength)[0], self._rows.y[judged])
        column, weight = self._deals[0].column[judged], self._rows.weight[judged]
        by_fold = np.bincount(column, weight * is_right) / np.maximum(np.bincount(column, weight), 1e-300)
        by_fold = by_fold[np.unique(column)]
        return StrengthRow(
            strength,
            loss=float(np.average(losses, weights=weight)),
            accuracy=float(np.average(is_right, weights=weight)),
            accuracy_sd=float(by_fold.std(ddof=1)) if len(by_fold) > 1 else 0.0,
        )
