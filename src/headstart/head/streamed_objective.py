"""The objective of `Objective` over features in blocks: loss and gradient in one pass, and no scores are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.feature_blocks import PART_ROWS, FeatureBlocks, run_pass, widen_parts
from headstart.head.lbfgs import dot, shorten_step
from headstart.head.objective import (  # fmt: skip
    centre_classes,
    evaluate_scores,
    mark_ridged,
    mark_right,
    measure_losses,
    measure_scale,
    score_block,
    sum_block_gradient,
)
from headstart.head.parallel_rows import split_rows
from headstart.head.standardise import Standardisation
from headstart.head.training_rows import count_nonfinite_rows
from headstart.process.progress import Progress

MAX_TRIALS = 10  # of the size of one step: each costs a pass
Array = npt.NDArray[Any]


@dataclass
class ScoreTotals:
    """Number of rows, number of rows whose top class is the true one, and sum of their log losses."""

    n_rows: int = 0
    n_right: int = 0
    loss: float = 0.0

    def add(self, is_right: npt.NDArray[np.bool_], losses: Array) -> None:
        """Add n rows: is_right and losses are (n,)."""
        self.n_rows += len(is_right)
        self.n_right += int(is_right.sum())
        self.loss += float(losses.sum(dtype=np.float64))

    def __add__(self, other: ScoreTotals) -> ScoreTotals:
        return ScoreTotals(self.n_rows + other.n_rows, self.n_right + other.n_right, self.loss + other.loss)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The mean log loss and its gradient at P vectors of coefficients, without the ridge."""

    loss: npt.NDArray[np.float64]  # (P,)
    gradient: npt.NDArray[np.float64]  # (P, K * (D + 1))
    totals: ScoreTotals  # of the last vector

    def __add__(self, other: Evaluation) -> Evaluation:
        return Evaluation(self.loss + other.loss, self.gradient + other.gradient, self.totals + other.totals)


class StreamedObjective:
    """One problem over N rows in blocks: as `Objective`, but evaluated at P vectors of coefficients at once."""

    def __init__(
        self,
        blocks: FeatureBlocks,
        y: npt.NDArray[np.int64],
        *,
        weight: npt.NDArray[np.float64],
        n_classes: int,
        standardisation: Standardisation,
        progress: Progress,
    ) -> None:
        self.n_columns = 1 if n_classes == 2 else n_classes
        self.total = weight.sum()
        self.is_ridged = mark_ridged(blocks.n_features + 1, self.n_columns)
        self.n_passes = 0  # over the rows so far
        self._blocks, self._y, self._standardisation, self._progress = blocks, y, standardisation, progress
        self._share = (weight / self.total).astype(np.float32)

    def measure_ridge(self, strength: float) -> float:
        """Return the ridge of the mean objective."""
        return float(1 / (strength * self.total))

    def evaluate(self, coefficients: Array) -> Evaluation:
        """Evaluate coefficients (P, K * (D + 1)) in one pass.

        Scores are float32, as in memory. Sums over more than a few hundred rows are float64: sums of millions in
        float32 would lose the small differences that the solver needs near the end.
        """
        columns = coefficients.reshape(-1, self._blocks.n_features + 1).astype(np.float32)

        def work(X: Array, rows: slice) -> Evaluation:
            y, share = self._y[rows], self._share[rows, None]
            loss, gradient, totals = np.zeros(len(coefficients)), np.zeros(columns.shape), ScoreTotals()
            for part, Z in _standardise_parts(X, self._standardisation):
                scores = score_block(Z, columns).reshape(len(Z), len(coefficients), -1)
                losses, score_gradient = measure_losses(scores, y[part], share[part])
                loss += np.einsum("nq,np->p", share[part], losses, dtype=np.float64)
                gradient += sum_block_gradient(Z, score_gradient.reshape(len(Z), -1))
                totals.add(mark_right(scores[:, -1], y[part]), losses[:, -1])
            return Evaluation(loss, gradient, totals)

        self.n_passes += 1
        nothing = Evaluation(np.zeros(len(coefficients)), np.zeros(columns.shape), ScoreTotals())
        evaluation = sum(run_pass(self._blocks, work, self._progress), nothing)
        gradient = centre_classes(evaluation.gradient.reshape(len(coefficients), self.n_columns, -1))
        return Evaluation(evaluation.loss, gradient.reshape(len(coefficients), -1), evaluation.totals)


class StreamedPoint:
    """Coefficients (1, K * (D + 1)) of a `StreamedObjective`, its loss and its gradient.

    The first pass also evaluates coefficients of 0, because the gradient there is the unit of gradient norms.
    ``record`` is called with the totals and the coefficients of the start and of every later point.
    """

    def __init__(
        self, objective: StreamedObjective, strength: float, start: Array, record: Callable[[ScoreTotals, Array], None]
    ) -> None:
        self._objective, self._record = objective, record
        self.ridge = objective.measure_ridge(strength) * objective.is_ridged[None]
        both = objective.evaluate(np.concatenate([np.zeros_like(start), start]))
        self._scale = measure_scale(both.gradient[:1])
        self.coefficients, self.loss_gradient = start, both.gradient[1:]
        self._loss, self.gradient = self._add_ridge(start, both.loss[1:], self.loss_gradient)
        self.gradient_norm = np.sqrt(dot(self.gradient, self.gradient)) / self._scale
        record(both.totals, start)

    def _add_ridge(self, coefficients: Array, loss: Array, gradient: Array) -> tuple[Array, Array]:
        ridged = self.ridge * coefficients
        return loss + dot(ridged, coefficients) / 2, gradient + ridged

    def advance(self, direction: Array, *, is_scaled: bool) -> tuple[Array, npt.NDArray[np.bool_]]:  # noqa: ARG002
        """Move along a direction, at most to its end, as `Point.advance`. Each trial of a size costs a pass."""
        size = np.ones(1)
        slope = dot(self.gradient, direction)
        for _ in range(MAX_TRIALS):
            coefficients = self.coefficients + size * direction
            found = self._objective.evaluate(coefficients)
            loss, gradient = self._add_ridge(coefficients, found.loss, found.gradient)
            factor = shorten_step(slope, dot(gradient, direction), loss - self._loss, self._loss)
            if factor == 1:
                step = coefficients - self.coefficients
                self.coefficients, self._loss = coefficients, loss
                self.gradient, self.loss_gradient = gradient, found.gradient
                self.gradient_norm = np.sqrt(dot(gradient, gradient)) / self._scale
                self._record(found.totals, coefficients)
                return step, np.ones(1, bool)
            size = size * factor
        return np.zeros_like(direction), np.zeros(1, bool)


def evaluate_blocks(
    blocks: FeatureBlocks, y: npt.NDArray[np.int64], standardisation: Standardisation, coefficients: Array
) -> ScoreTotals:
    """Return the totals of rows in blocks for coefficients (1, K * (D + 1)), in one pass."""
    columns = coefficients.reshape(-1, blocks.n_features + 1).astype(np.float32)

    def work(X: Array, rows: slice) -> ScoreTotals:
        totals = ScoreTotals()
        for part, Z in _standardise_parts(X, standardisation):
            losses, is_right = evaluate_scores(score_block(Z, columns), y[rows][part])
            totals.add(is_right, losses)
        return totals

    return sum(run_pass(blocks, work), ScoreTotals())


def _standardise_parts(X: Array, standardisation: Standardisation) -> Iterator[tuple[slice, Array]]:
    """Yield slices of a block and their standardised rows; the next rows overwrite the last."""
    out = np.empty((min(len(X), PART_ROWS), X.shape[1] + 1), np.float32)
    for part in split_rows(len(X), PART_ROWS):
        Z = out[: part.stop - part.start]
        standardisation.write(X[part], Z)
        yield part, Z


def count_nonfinite_in_blocks(blocks: FeatureBlocks) -> int:
    """Return the number of rows with NaN or infinity, in one pass."""

    def work(X: Array, _: slice) -> int:
        return sum(count_nonfinite_rows(wide) for _, wide in widen_parts(X))  # a sum in float16 would overflow

    return sum(run_pass(blocks, work))
