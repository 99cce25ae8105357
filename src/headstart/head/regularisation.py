"""Choose the regularisation strength by cross-validation inside the training rows, and score held-out rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.errors import FitError
from headstart.head.fold_heads import FoldAssignment, FoldHeads, HeldOutPredictions, gather_predictions
from headstart.head.folds import make_folds
from headstart.head.objective import evaluate_scores
from headstart.head.training_rows import PreparedRows
from headstart.process.progress import Progress, ignore_progress

DEFAULT = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0, 10.0)
# If no row can be held out, as with one photo a class: the middle of the best strengths on real photos, 0.001 to 0.1.
# Of many classes each has a small probability, so they need larger scores (docs/decisions/0035-confidence.md).
FALLBACK, FALLBACK_CLASSES = 1e-2, 3
ROUGH_TOLERANCE = 1e-2  # of large heads, whose fits take minutes
HOPELESS = 1.05  # times the least loss so far: the loss has one minimum, and strengths beyond it take longest to fit
MAX_HEADS_SIZE = 2_000_000  # coefficients of heads that are fitted side by side: 8 MB, thirty times
MANY_SCORES = 500_000  # rows times classes: from here on one fold holds out enough rows, and five would take long


@dataclass(frozen=True, slots=True)
class StrengthRow:
    """One strength, and the held-out rows' loss and accuracy.

    Attributes
    ----------
    strength
        Inverse regularisation strength C.
    loss, accuracy
        Weighted mean log loss in nats and weighted accuracy of the held-out rows.
    accuracy_sd
        Standard deviation of the accuracy from fold to fold; 0 if there is only one fold.
    """

    strength: float
    loss: float
    accuracy: float
    accuracy_sd: float


@dataclass(frozen=True, slots=True)
class StrengthChoice:
    """The chosen strength, and how it was chosen.

    Attributes
    ----------
    table
        All strengths that were tried, ascending, until the loss clearly rose.
    held_out
        Predictions of the rows by the heads of the chosen strength. None if only one fold, or no row, was held out.
    """

    strength: float
    table: tuple[StrengthRow, ...]
    held_out: HeldOutPredictions | None = field(default=None, repr=False, compare=False)


def check_strengths(*strengths: float) -> None:
    """Raise FitError unless there is a strength and all of them are above 0 and finite."""
    wrong = [str(strength) for strength in strengths if not 0 < strength < float("inf")]
    if wrong or not strengths:
        raise FitError(
            f"Cannot fit a head: got strength {', '.join(wrong) or 'none'}, need more than 0. Try 0.01, "
            "or leave it out: then cross-validation chooses it."
        )


def choose_strength(
    prepared: PreparedRows,
    *,
    seed: int,
    groups: npt.NDArray[Any] | None = None,
    strengths: Sequence[float] = DEFAULT,
    n_folds: int = 5,
    progress: Progress = ignore_progress,
) -> StrengthChoice:
    """Choose the strength of `fit_logistic` with the least mean log loss on held-out rows.

    Parameters
    ----------
    seed
        Seed of the folds. The same rows and seed give the same choice.
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
    A held-out row counts only if the rows that its head was fitted to have its class. If no row counts, the table is
    empty, and the choice is the strength nearest to 0.01, or to 0.01 (C / 3)^3 for C > 3 classes. From half a million
    scores on (rows times classes) one fold is held out instead of all. On 2 cores, 2,000 rows of 1,280 features and two
    classes take 0.2 s, 10,000 about 0.8 s.

    Rejected: the strongest regularisation whose accuracy is within one standard error of that of the least loss. On
    cats and dogs, ants and bees, and coffee leaves, with 200 to 2,000 training photos and 8 splits each, it cost 0.3 to
    2 points of test accuracy, and up to quadrupled the test loss.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    >>> from headstart.head.training_rows import prepare_rows
    >>> prepared = prepare_rows(X, (X[:, 0] > 0).astype(int), n_classes=2)
    >>> choice = choose_strength(prepared, seed=0, strengths=(0.01, 1.0))
    >>> choice.strength, [row.strength for row in choice.table]
    (1.0, [0.01, 1.0])
    """
    check_strengths(*strengths)
    y = prepared.rows.y
    folds = make_folds(y, n_folds=n_folds, seed=seed, groups=groups)
    is_large = len(y) * prepared.n_classes >= MANY_SCORES
    assignment = FoldAssignment(prepared, folds, n_held=1 if is_large else n_folds)
    if not len(assignment.scored):
        fallback = FALLBACK * max(1.0, prepared.n_classes / FALLBACK_CLASSES) ** 3
        return StrengthChoice(float(min(strengths, key=lambda strength: abs(np.log(strength / fallback)))), ())
    table: list[StrengthRow] = []
    heads, best = FoldHeads(prepared, assignment.weight), None
    for strength in sorted(strengths):
        scores = assignment.pick(heads.fit(float(strength)))
        table.append(_evaluate_strength(prepared, assignment, scores, float(strength)))
        progress(len(table), len(strengths))
        least = min(table, key=lambda row: row.loss)
        if least is table[-1]:
            best = scores
        elif table[-1].loss > HOPELESS * least.loss:
            break
    held_out = None if is_large else gather_predictions(prepared, assignment, best, n_views=1, n_averaged=1)
    return StrengthChoice(least.strength, tuple(table), held_out)


def predict_held_out(
    prepared: PreparedRows,
    *,
    strength: float,
    seeds: Sequence[int],
    groups: npt.NDArray[Any] | None = None,
    n_folds: int = 5,
    n_views: int = 1,
    n_averaged: int = 1,
    progress: Progress = ignore_progress,
) -> list[HeldOutPredictions]:
    """Predict every photo by a head that was fitted to the other folds; one result for each seed.

    Parameters
    ----------
    seeds
        Seeds of the folds. The heads of all seeds are fitted side by side.
    n_views
        Number of views V of each photo. The rows are V blocks of the same N photos in the same order. Heads are fitted
        to all views; the views of one photo must be in one group.
    n_averaged
        Number of views whose mean score predicts a photo.
    progress
        Function that is called after each fold of heads that are fitted one after the other.
    """
    y = prepared.rows.y
    folds = [make_folds(y, n_folds=n_folds, seed=seed, groups=groups) for seed in seeds]
    return predict_folds(prepared, folds, strength=strength, n_views=n_views, n_averaged=n_averaged, progress=progress)


def predict_folds(
    prepared: PreparedRows,
    folds: Sequence[npt.NDArray[np.int64]],
    *,
    strength: float,
    n_views: int = 1,
    n_averaged: int = 1,
    progress: Progress = ignore_progress,
) -> list[HeldOutPredictions]:
    """Predict photos as `predict_held_out` does, for given folds of the rows; one result for each array of folds.

    Parameters
    ----------
    folds
        Arrays (N,) of fold numbers from 0. A row of fold -1 is in all fits, and is not predicted.
    """
    check_strengths(strength)
    assignments = [FoldAssignment(prepared, fold, n_held=int(fold.max()) + 1) for fold in folds]
    usable = [assignment for assignment in assignments if len(assignment.scored)]
    scores_by_assignment = _score_held_out(prepared, usable, strength, progress)
    return [
        gather_predictions(
            prepared, assignment, next(scores_by_assignment) if len(assignment.scored) else None, n_views=n_views,
            n_averaged=n_averaged,
        )
        for assignment in assignments
    ]  # fmt: skip


def _score_held_out(
    prepared: PreparedRows, assignments: Sequence[FoldAssignment], strength: float, progress: Progress
) -> Iterator[npt.NDArray[Any]]:
    """Yield the scores of the rows that each assignment can score, by heads that were fitted without them.

    The solver holds some thirty arrays of the size of all heads that it fits side by side. Heads of many classes are
    therefore fitted one after the other.
    """
    head_size = prepared.n_classes * prepared.Z.shape[1]
    if not assignments or head_size * sum(assignment.weight.shape[1] for assignment in assignments) <= MAX_HEADS_SIZE:
        if assignments:
            all_scores = FoldHeads(prepared, np.hstack([assignment.weight for assignment in assignments])).fit(strength)
            first = 0
            for assignment in assignments:
                yield assignment.pick(all_scores, first)
                first += assignment.weight.shape[1]
        return
    for assignment in assignments:
        scores: npt.NDArray[Any] | None = None
        for column in range(assignment.weight.shape[1]):
            part = assignment.take_fold(column)
            some = part.pick(FoldHeads(prepared, part.weight).fit(strength, ROUGH_TOLERANCE))
            if scores is None:
                scores = np.empty((len(assignment.scored), some.shape[1]), some.dtype)
            scores[assignment.column[assignment.scored] == column] = some
            progress(column + 1, assignment.weight.shape[1])
        if scores is not None:
            yield scores


def _evaluate_strength(
    prepared: PreparedRows, assignment: FoldAssignment, scores: npt.NDArray[Any], strength: float
) -> StrengthRow:
    """Return the row of the table for a strength, by the scores (n, K) of the rows that can be scored."""
    scored = assignment.scored
    losses, is_right = evaluate_scores(scores, prepared.rows.y[scored])
    column, weight = assignment.column[scored], prepared.rows.weight[scored]
    by_fold = np.bincount(column, weight * is_right) / np.maximum(np.bincount(column, weight), 1e-300)
    by_fold = by_fold[np.unique(column)]
    return StrengthRow(
        strength,
        loss=float(np.average(losses, weights=weight)),
        accuracy=float(np.average(is_right, weights=weight)),
        accuracy_sd=float(by_fold.std(ddof=1)) if len(by_fold) > 1 else 0.0,
    )
