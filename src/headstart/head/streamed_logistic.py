"""Regularised logistic regression on features larger than memory: the head of `fit_logistic`, in few passes.

A pass over the features is the main cost: 2,000,000 rows of 1,280 numbers are 5 GB that are read and unpacked each
time. So a random sample of the rows, in memory, gives the regularisation strength, the start and the curvature there.
With them a handful of steps over all rows reach the optimum. Why two solvers: docs/decisions/0022-two-solvers.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.curvature import Curvature, measure_curvature
from headstart.head.feature_blocks import FeatureBlocks
from headstart.head.first_pass import draw_sample, measure_and_sample
from headstart.head.history import Epoch, thin_history
from headstart.head.lbfgs import Memory, minimise
from headstart.head.logistic import LogisticFit
from headstart.head.objective import Objective, PointInMemory
from headstart.head.regularisation import StrengthChoice, check_strengths, choose_strength
from headstart.head.standardise import Standardisation
from headstart.head.streamed_objective import (  # fmt: skip
    ScoreTotals,
    StreamedObjective,
    StreamedPoint,
    count_nonfinite_in_blocks,
    evaluate_blocks,
)
from headstart.head.training_rows import (  # fmt: skip
    PreparedRows,
    TrainingRows,
    check_finite,
    check_labels,
    check_validation_labels,
    weigh_rows,
)
from headstart.process.progress import Progress, ignore_progress

SAMPLE_BYTES = 512 << 20
START_TOLERANCE = 1e-3  # the sample's optimum is further than that from the optimum of all rows
Array = npt.NDArray[Any]
ValidationBlocks = tuple[FeatureBlocks, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False, kw_only=True)
class StreamedFit(LogisticFit):
    """A `LogisticFit` to features in blocks; epoch 1 of its history is the sample's head, over all rows.

    Attributes
    ----------
    choice
        How the regularisation strength was chosen; None if it was given.
    n_passes
        Passes over the training rows.
    """

    choice: StrengthChoice | None
    n_passes: int


def fit_streamed(
    blocks: FeatureBlocks,
    y: npt.NDArray[Any],
    *,
    n_classes: int,
    strength: float | None = None,
    seed: int = 0,
    class_weight: npt.NDArray[Any] | None = None,
    sample_weight: npt.NDArray[Any] | None = None,
    floor: float = 0.0,
    validation: ValidationBlocks | None = None,
    groups: Sequence[str] | npt.NDArray[Any] | None = None,
    tolerance: float = 1e-5,
    max_iterations: int = 200,
    subsample_rows: int | None = None,
    progress: Progress = ignore_progress,
) -> StreamedFit:
    """Fit the head of `fit_logistic` to features in blocks.

    Parameters
    ----------
    blocks
        N rows of D features, read once a pass.
    y, class_weight, sample_weight, floor
        As for `prepare_rows`.
    strength, groups
        Inverse regularisation strength C; None chooses it on the sample, as `choose_strength` with these groups.
    seed
        Seed of the sample and of the folds.
    validation
        Blocks of M rows and their class numbers (M,), for the history only: one more pass over them for each point.
    tolerance
        As for `fit_logistic`.
    subsample_rows
        Rows of the sample. Default: the number that takes half a gigabyte.
    progress
        Called as ``progress(rows done, rows in all)`` after each block; each pass starts again at 0.

    Raises
    ------
    FitError
        As `fit_logistic`. Labels and weights are checked before the first pass, features in it.

    Notes
    -----
    Memory holds the sample, a few (D + 1, D + 1) matrices, one block a core, 20 times the head for the latest steps,
    and y and the weights of all rows. The same rows in the same blocks give the same head.

    Examples
    --------
    >>> class InMemory:
    ...     n_features, sizes = 1, (2, 2)
    ...     def read(self, number):
    ...         return np.array([[[0], [1]], [[2], [3]]], np.float16)[number]
    >>> fit = fit_streamed(InMemory(), np.array([0, 0, 1, 1]), n_classes=2, strength=1.0)
    >>> fit.is_converged, fit.head.scores(np.array([[1.0], [2.0]])).argmax(axis=1).tolist()
    (True, [0, 1])
    """
    if strength is not None:
        check_strengths(strength)
    labels = check_labels((sum(blocks.sizes), blocks.n_features), np.dtype(np.float32), y, "fit a head")
    weight = weigh_rows(labels, n_classes, sample_weight=sample_weight, class_weight=class_weight)
    checked = None if validation is None else _check_validation_blocks(validation, blocks.n_features, n_classes)
    n_held = _count_sample_rows(blocks.n_features, n_classes) if subsample_rows is None else subsample_rows
    at = draw_sample(labels, weight, n_held, seed)
    standardisation, X = measure_and_sample(blocks, weight, at, floor=floor, progress=progress)
    sample = TrainingRows(X, labels[at], weight[at])
    prepared = PreparedRows(sample, standardisation, standardisation.apply(sample.X), n_classes)
    choice = None
    if strength is None:
        choice = choose_strength(prepared, seed=seed, groups=None if groups is None else np.asarray(groups)[at])
        strength = choice.strength
    objective = StreamedObjective(
        blocks, labels, weight=weight, n_classes=n_classes, standardisation=standardisation, progress=progress
    )
    start, curvature = _fit_sample(prepared, strength, objective.measure_ridge(strength))
    recorder = _Recorder(checked, standardisation)
    point = StreamedPoint(objective, strength, start, recorder.record)
    minimise(point, Memory(), tolerance=tolerance, max_iterations=max_iterations, precondition=curvature.divide)
    norm = float(point.gradient_norm[0])
    return StreamedFit(
        head=standardisation.fold_in(point.coefficients.reshape(objective.n_columns, -1)),
        history=thin_history(recorder.history), strength=float(strength), n_iterations=recorder.n_points - 1,
        gradient_norm=norm, is_converged=norm <= tolerance, choice=choice, n_passes=objective.n_passes + 1,
    )  # fmt: skip


def _check_validation_blocks(validation: ValidationBlocks, n_features: int, n_classes: int) -> ValidationBlocks:
    blocks, y = validation
    labels = check_labels((sum(blocks.sizes), blocks.n_features), np.dtype(np.float32), y, "use validation rows")
    check_validation_labels(labels, blocks.n_features, n_features, n_classes)
    check_finite(count_nonfinite_in_blocks(blocks), "use validation rows")
    return blocks, labels


def _count_sample_rows(n_features: int, n_classes: int) -> int:
    """Return how many rows fit into `SAMPLE_BYTES`: as they were read, standardised, and about ten times as scores."""
    return max(1, SAMPLE_BYTES // (4 * (2 * n_features + 10 * max(n_classes, 5))))


def _fit_sample(prepared: PreparedRows, strength: float, ridge: float) -> tuple[Array, Curvature]:
    """Return the coefficients (1, K * (D + 1)) of the sample's head, and the curvature there.

    The curvature has the ridge of all rows, but the sample's head is fitted with the same C, a stronger ridge for fewer
    rows. With the weak ridge the head would be overconfident and the curvature too small: with 10 classes and 12,000 of
    200,000 rows that took 29 steps instead of 24.
    """
    rows = prepared.rows
    objective = Objective(prepared.Z, rows.y, rows.weight[:, None], prepared.n_classes)
    point = PointInMemory(objective, strength, objective.make_start())
    minimise(point, Memory(), tolerance=START_TOLERANCE, max_iterations=1000)
    curvature = measure_curvature(prepared.Z, point.scores[:, 0], rows.weight / rows.weight.sum(), ridge)
    return point.coefficients.astype(np.float64), curvature


class _Recorder:
    """Writes the history. Each point costs a pass over the validation rows."""

    def __init__(self, validation: ValidationBlocks | None, standardisation: Standardisation) -> None:
        self.history: list[Epoch] = []
        self.n_points = 0
        self._validation, self._standardisation = validation, standardisation

    def record(self, training: ScoreTotals, coefficients: Array) -> None:
        self.n_points += 1
        self._add("Training", training)
        if self._validation is not None:
            blocks, y = self._validation
            totals = evaluate_blocks(blocks, y, self._standardisation, coefficients)
            self._add("Validation", totals)

    def _add(self, data: Any, totals: ScoreTotals) -> None:
        self.history.append(Epoch(data, self.n_points, totals.n_right / totals.n_rows, totals.loss / totals.n_rows))
