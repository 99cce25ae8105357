"""The objective of `Objective` over features in blocks: loss and gradient in one pass, and no scores are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.feature_blocks import PART_ROWS, FeatureBlocks, run_pass, split_rows
from headstart.head.float16 import widen
from headstart.head.objective import (  # fmt: skip
    are_right,
    centre_classes,
    judge_scores,
    mark_ridged,
    measure_losses,
    pull_rows,
    score_rows,
)
from headstart.head.standardise import Standardisation
from headstart.head.training_rows import count_broken
from headstart.process.progress import Progress

Array = npt.NDArray[Any]


@dataclass
class Judged:
    """How many rows were judged, how many of them right, and the sum of their log losses."""

    n_rows: int = 0
    n_right: int = 0
    loss: float = 0.0

    def add(self, is_right: npt.NDArray[np.bool_], losses: Array) -> None:
        """Count rows, (n,)."""
        self.n_rows += len(is_right)
        self.n_right += int(is_right.sum())
        self.loss += float(losses.sum(dtype=np.float64))

    def join(self, other: Judged) -> Judged:
        """Return the counts of both."""
        return Judged(self.n_rows + other.n_rows, self.n_right + other.n_right, self.loss + other.loss)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The mean log loss and its gradient, without the ridge, at P places, and how the last of them judges the rows.

    Attributes
    ----------
    loss, gradient
        (P,) and (P, K * (D + 1)) float64.
    """

    loss: npt.NDArray[np.float64]
    gradient: npt.NDArray[np.float64]
    judged: Judged

    def join(self, other: Evaluation) -> Evaluation:
        """Return the sums of both."""
        return Evaluation(self.loss + other.loss, self.gradient + other.gradient, self.judged.join(other.judged))


class StreamedObjective:
    """One problem over N rows in blocks; as `Objective`, but evaluated at P places at once.

    Parameters
    ----------
    y
        (N,) int64.
    weight
        (N,) at least 0, not all 0.
    """

    def __init__(
        self,
        blocks: FeatureBlocks,
        y: npt.NDArray[np.int64],
        weight: npt.NDArray[np.float64],
        n_classes: int,
        standardisation: Standardisation,
        progress: Progress,
    ) -> None:
        self.n_columns = 1 if n_classes == 2 else n_classes
        self.total = weight.sum()
        self.is_ridged = mark_ridged(blocks.n_features + 1, self.n_columns)
        self.n_passes = 0
        self._blocks, self._y, self._standardisation, self._progress = blocks, y, standardisation, progress
        self._share = (weight / self.total).astype(np.float32)

    def measure_ridge(self, strength: float) -> float:
        """Return the ridge of the mean objective."""
        return float(1 / (strength * self.total))

    def evaluate(self, coefficients: Array) -> Evaluation:
        """Evaluate coefficients (P, K * (D + 1)) in one pass.

        Rows are computed with in float32, like those in memory; sums over more than a few hundred are in float64, for
        over millions float32 would lose what the solver looks for near the end.
        """
        columns = coefficients.reshape(-1, self._blocks.n_features + 1).astype(np.float32)

        def work(X: Array, rows: slice) -> Evaluation:
            y, share = self._y[rows], self._share[rows, None]
            loss, gradient, judged = np.zeros(len(coefficients)), np.zeros(columns.shape), Judged()
            for part, z in _standardise_parts(X, self._standardisation):
                scores = score_rows(z, columns).reshape(len(z), len(coefficients), -1)
                losses, pull = measure_losses(scores, y[part], share[part])
                loss += np.einsum("nq,np->p", share[part], losses, dtype=np.float64)
                gradient += pull_rows(z, pull.reshape(len(z), -1))
                judged.add(are_right(scores[:, -1], y[part]), losses[:, -1])
            return Evaluation(loss, gradient, judged)

        self.n_passes += 1
        evaluation = Evaluation(np.zeros(len(coefficients)), np.zeros(columns.shape), Judged())
        for here in run_pass(self._blocks, work, self._progress):
            evaluation = evaluation.join(here)
        gradient = centre_classes(evaluation.gradient.reshape(len(coefficients), self.n_columns, -1))
        return Evaluation(evaluation.loss, gradient.reshape(len(coefficients), -1), evaluation.judged)


def judge_blocks(
    blocks: FeatureBlocks,
    y: npt.NDArray[np.int64],
    standardisation: Standardisation,
    coefficients: Array,
    progress: Progress,
) -> Judged:
    """Judge rows in blocks by coefficients (1, K * (D + 1)), in one pass."""
    columns = coefficients.reshape(-1, blocks.n_features + 1).astype(np.float32)

    def work(X: Array, rows: slice) -> Judged:
        judged = Judged()
        for part, z in _standardise_parts(X, standardisation):
            losses, is_right = judge_scores(score_rows(z, columns), y[rows][part])
            judged.add(is_right, losses)
        return judged

    total = Judged()
    for here in run_pass(blocks, work, progress):
        total = total.join(here)
    return total


def _standardise_parts(X: Array, standardisation: Standardisation) -> Iterator[tuple[slice, Array]]:
    """Yield the places and standardised rows of parts of a block; the next part overwrites the last."""
    Z = np.empty((min(len(X), PART_ROWS), X.shape[1] + 1), np.float32)
    for part in split_rows(len(X)):
        z = Z[: part.stop - part.start]
        standardisation.write(X[part], z)
        yield part, z


def count_broken_rows(blocks: FeatureBlocks, progress: Progress) -> int:
    """Return the number of rows with NaN or infinity, in one pass."""

    def work(X: Array, _: slice) -> int:
        n_broken, wide = 0, np.empty((min(len(X), PART_ROWS), X.shape[1]), np.float32)
        for part in split_rows(len(X)):  # in float16 a sum would soon be infinite
            widen(X[part], wide[: part.stop - part.start])
            n_broken += count_broken(wide[: part.stop - part.start])
        return n_broken

    return sum(run_pass(blocks, work, progress))
