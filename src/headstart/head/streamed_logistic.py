"""Regularised logistic regression on features that outgrow memory: the head of `fit_logistic`, in few passes.

A pass over the features is what costs: 2,000,000 rows of 1,280 numbers are 5 GB to be read and unpacked each time. So a
random sample of the rows, in memory, chooses the strength, gives the place to start from, and the curvature there: with
it a handful of steps over all rows reach the optimum (`curvature.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.curvature import Curvature, measure_curvature
from headstart.head.feature_blocks import FeatureBlocks
from headstart.head.first_pass import draw_sample, survey_blocks
from headstart.head.history import Epoch
from headstart.head.lbfgs import Memory, dot, minimise, shorten_step
from headstart.head.linear import LinearHead
from headstart.head.logistic import check_strengths, thin_history
from headstart.head.objective import Objective, measure_scale
from headstart.head.prepared_rows import PreparedRows
from headstart.head.regularisation import StrengthChoice, choose_strength
from headstart.head.standardise import Standardisation
from headstart.head.streamed_objective import Judged, StreamedObjective, count_broken_rows, judge_blocks
from headstart.head.training_rows import Rows, check_finite, check_labels, check_watched_labels, weigh_rows
from headstart.process.progress import Progress, ignore_progress

SAMPLE_BYTES = 512 << 20
START_TOLERANCE = 1e-3  # the sample's optimum is further than that from the optimum of all rows
MOST_TRIALS = 10  # of a step: each costs a pass
Array = npt.NDArray[Any]
Watched = tuple[FeatureBlocks, npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class StreamedFit:
    """A converged head and how it got there.

    Attributes
    ----------
    history
        Accuracy and loss over all rows: epoch 1 is the sample's head, then one an iteration; at most 100 points for
        each of Training and Validation.
    strength, choice
        The inverse regularisation strength C, and how it was chosen; None if it was given.
    n_iterations, n_passes
        Steps taken, and how often all training rows were read for all of it.
    gradient_norm, is_converged
        As in `LogisticFit`.
    """

    head: LinearHead
    history: tuple[Epoch, ...]
    strength: float
    choice: StrengthChoice | None
    n_iterations: int
    n_passes: int
    gradient_norm: float
    is_converged: bool


def fit_streamed(
    blocks: FeatureBlocks,
    y: npt.NDArray[Any],
    n_classes: int,
    *,
    strength: float | None = None,
    seed: int = 0,
    class_weight: npt.NDArray[Any] | None = None,
    sample_weight: npt.NDArray[Any] | None = None,
    floor: float = 0.0,
    validation: Watched | None = None,
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
    y, class_weight, sample_weight, tolerance
        As for `fit_logistic`.
    floor
        As for `measure_standardisation`.
    strength, groups
        The inverse regularisation strength C; None chooses it on the sample, as `choose_strength` with these groups.
    seed
        Of the sample and of the folds.
    validation
        Blocks of M rows and their class numbers (M,), only watched: read once more for every point of the history.
    subsample_rows
        Rows that are held in memory; default: as many as take half a gigabyte.
    progress
        Called as ``progress(rows done, rows in all)`` after each block; it begins anew at each pass.

    Raises
    ------
    FitError
        As `fit_logistic`. Labels and weights are checked before the first pass, features in it.

    Notes
    -----
    Memory holds the sample, some (D + 1, D + 1) matrices, on each core a block, and y and the weights of all rows; the
    steps that are remembered take 20 times the head. The same rows in the same blocks give the same head.

    Examples
    --------
    >>> class InMemory:
    ...     n_features, sizes = 1, (2, 2)
    ...     def read(self, number):
    ...         return np.array([[[0], [1]], [[2], [3]]], np.float16)[number]
    >>> fit = fit_streamed(InMemory(), np.array([0, 0, 1, 1]), 2, strength=1.0)
    >>> fit.is_converged, fit.head.scores(np.array([[1.0], [2.0]])).argmax(axis=1).tolist()
    (True, [0, 1])
    """
    if strength is not None:
        check_strengths(strength)
    labels = check_labels((sum(blocks.sizes), blocks.n_features), np.dtype(np.float32), y, "fit a head")
    weight = weigh_rows(labels, n_classes, sample_weight=sample_weight, class_weight=class_weight)
    watched = None if validation is None else _check_validation(validation, blocks.n_features, n_classes)
    n_held = _count_held(blocks.n_features, n_classes) if subsample_rows is None else subsample_rows
    at = draw_sample(labels, weight, n_held, seed)
    survey = survey_blocks(blocks, weight, at, floor=floor, progress=progress)
    sample = Rows(survey.sample, labels[at], weight[at])
    standardisation = survey.standardisation
    prepared = PreparedRows(sample, standardisation, standardisation.apply(sample.X), n_classes)
    choice = None
    if strength is None:
        choice = choose_strength(prepared, seed=seed, groups=None if groups is None else np.asarray(groups)[at])
        strength = choice.strength
    objective = StreamedObjective(blocks, labels, weight, n_classes, standardisation, progress)
    start, curvature = _fit_sample(prepared, strength, objective.measure_ridge(strength))
    recorder = _Recorder(watched, standardisation)
    descent = _Descent(objective, strength, start, curvature, recorder)
    n_iterations = descent.run(tolerance, max_iterations)
    head = standardisation.fold_in(descent.coefficients.reshape(objective.n_columns, -1))
    return StreamedFit(
        head, thin_history(recorder.history), float(strength), choice, n_iterations, objective.n_passes + 1,
        descent.gradient_norm, descent.gradient_norm <= tolerance,
    )  # fmt: skip


def _check_validation(validation: Watched, n_features: int, n_classes: int) -> Watched:
    blocks, y = validation
    action = "watch validation rows"
    labels = check_labels((sum(blocks.sizes), blocks.n_features), np.dtype(np.float32), y, action)
    check_watched_labels(labels, blocks.n_features, n_features, n_classes)
    check_finite(count_broken_rows(blocks, ignore_progress), action)
    return blocks, labels


def _count_held(n_features: int, n_classes: int) -> int:
    """Return how many rows are held: each is there as read and standardised, and some ten times as scores."""
    return max(1, SAMPLE_BYTES // (4 * (2 * n_features + 10 * max(n_classes, 5))))


def _fit_sample(prepared: PreparedRows, strength: float, ridge: float) -> tuple[Array, Curvature]:
    """Return the coefficients (1, K * (D + 1)) of the sample's head, and the curvature there.

    The curvature has the ridge of all rows, but the head is held to the strength: of few rows with so weak a ridge it
    would be too sure, and the curvature too small. With 10 classes and 12,000 of 200,000 rows that took 29 steps
    instead of 24.
    """
    rows = prepared.rows
    objective = Objective(prepared.Z, rows.y, rows.weight[:, None], prepared.n_classes)
    minimum = minimise(
        objective, strength, objective.make_start(), Memory(), tolerance=START_TOLERANCE, max_iterations=1000
    )
    curvature = measure_curvature(prepared.Z, minimum.scores[:, 0], rows.weight / rows.weight.sum(), ridge)
    return minimum.coefficients.astype(np.float64), curvature


@dataclass(frozen=True, eq=False)
class _Place:
    """Coefficients (1, K * (D + 1)), and the objective there: its value, its gradient, and that without the ridge."""

    coefficients: Array
    loss: Array
    gradient: Array
    pull_back: Array


class _Descent:
    """L-BFGS over all rows from the sample's head, preconditioned with its curvature: a pass for each trial of a step.

    The first pass looks at coefficients of 0, too: gradients are measured by the one there.
    """

    def __init__(
        self, objective: StreamedObjective, strength: float, start: Array, curvature: Curvature, recorder: _Recorder
    ) -> None:
        self._objective, self._curvature, self._recorder = objective, curvature, recorder
        self._ridge = objective.measure_ridge(strength) * objective.is_ridged[None]
        both = objective.evaluate(np.concatenate([np.zeros_like(start), start]))
        self._scale = measure_scale(both.gradient[:1])
        self._place = self._add_ridge(start, both.loss[1:], both.gradient[1:])
        recorder.record(both.judged, start)

    @property
    def coefficients(self) -> Array:
        """Where the descent stands, (1, K * (D + 1))."""
        return self._place.coefficients

    @property
    def gradient_norm(self) -> float:
        """Of the gradient there, as a multiple of the scale."""
        return float((np.sqrt(dot(self._place.gradient, self._place.gradient)) / self._scale)[0])

    def _add_ridge(self, coefficients: Array, loss: Array, pull_back: Array) -> _Place:
        ridged = self._ridge * coefficients
        return _Place(coefficients, loss + dot(ridged, coefficients) / 2, pull_back + ridged, pull_back)

    def run(self, tolerance: float, max_iterations: int) -> int:
        """Go on until the gradient is small enough; return the number of steps."""
        memory = Memory()
        for n_iterations in range(max_iterations):
            if self.gradient_norm <= tolerance:
                return n_iterations
            here = self._place
            there = self._advance(memory.turn_downhill(here.gradient, self._ridge, self._curvature.divide))
            if there is None:
                return n_iterations
            memory.remember(there.coefficients - here.coefficients, there.pull_back - here.pull_back)
            self._place = there
        return max_iterations

    def _advance(self, direction: Array) -> _Place | None:
        """Return where to go along a direction, at most to its end; None if no step leads down."""
        here, size = self._place, np.ones(1)
        slope = dot(here.gradient, direction)
        for _ in range(MOST_TRIALS):
            coefficients = here.coefficients + size * direction
            found = self._objective.evaluate(coefficients)
            there = self._add_ridge(coefficients, found.loss, found.gradient)
            factor = shorten_step(slope, dot(there.gradient, direction), there.loss - here.loss, here.loss)
            if factor == 1:
                self._recorder.record(found.judged, coefficients)
                return there
            size = size * factor
        return None


class _Recorder:
    """Writes the history; validation rows are read for it."""

    def __init__(self, validation: Watched | None, standardisation: Standardisation) -> None:
        self.history: list[Epoch] = []
        self._validation, self._standardisation = validation, standardisation
        self._n_points = 0

    def record(self, training: Judged, coefficients: Array) -> None:
        self._n_points += 1
        self._add("Training", training)
        if self._validation is not None:
            blocks, y = self._validation
            self._add("Validation", judge_blocks(blocks, y, self._standardisation, coefficients, ignore_progress))

    def _add(self, data: Any, judged: Judged) -> None:
        self.history.append(Epoch(data, self._n_points, judged.n_right / judged.n_rows, judged.loss / judged.n_rows))
