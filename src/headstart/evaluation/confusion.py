"""Count which class is taken for which: a whole matrix for few classes, the cells that are not 0 for many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_WHOLE = 50  # classes; a thousand classes have a million cells, nearly all of them 0
N_CONFUSED = 40  # classes in a picture of the matrix, if there are too many for a whole one

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Confusions:
    """The K cells of a confusion matrix of C classes that are not 0, by true class, then by predicted class.

    Attributes
    ----------
    true, predicted
        (K,) int64 class numbers, 0 to C - 1.
    count
        (K,) float64 number of photos, or the sum of their weights.
    """

    n_classes: int
    true: Ints
    predicted: Ints
    count: Floats

    def sum_true(self) -> Floats:
        """Return the number of photos of each class, (C,)."""
        return _sum_by_number(self.true, self.count, self.n_classes)

    def sum_predicted(self) -> Floats:
        """Return the number of predictions of each class, (C,)."""
        return _sum_by_number(self.predicted, self.count, self.n_classes)

    def sum_hits(self) -> Floats:
        """Return the number of right predictions of each class, (C,)."""
        return _sum_by_number(self.true, self.count * (self.true == self.predicted), self.n_classes)

    def find_confused(self, n: int) -> list[int]:
        """Return the ``n`` classes with the most mistakes, as true or as predicted class, in ascending order."""
        mistakes = self.sum_true() + self.sum_predicted() - 2 * self.sum_hits()
        return sorted(np.argsort(-mistakes, kind="stable")[:n].tolist())

    def list_mistakes(self, n: int) -> list[tuple[int, int, float]]:
        """Return the ``n`` most frequent mistakes: true class, predicted class, count."""
        wrong = np.flatnonzero(self.true != self.predicted)
        most = wrong[np.argsort(-self.count[wrong], kind="stable")[:n]]
        return list(zip(*(part[most].tolist() for part in (self.true, self.predicted, self.count)), strict=True))

    def take_matrix(self, classes: Sequence[int]) -> Floats:
        """Return the matrix (n, n) of n of the classes: rows true, columns predicted."""
        place = np.full(self.n_classes, -1)
        place[list(classes)] = range(len(classes))
        rows, columns = place[self.true], place[self.predicted]
        is_inside = (rows >= 0) & (columns >= 0)
        matrix = np.zeros((len(classes), len(classes)))
        matrix[rows[is_inside], columns[is_inside]] = self.count[is_inside]
        return matrix

    def to_record(self, *, is_weighted: bool) -> list[list[float]] | dict[str, list[float]]:
        """Return C lists of C numbers for up to 50 classes; for more, the cells as lists by name."""
        kind = np.float64 if is_weighted else np.int64
        if self.n_classes <= MAX_WHOLE:
            whole: list[list[float]] = self.take_matrix(range(self.n_classes)).astype(kind).tolist()
            return whole
        cells = {"true": self.true, "predicted": self.predicted, "count": self.count.astype(kind)}
        return {name: values.tolist() for name, values in cells.items()}


def count_confusions(truth: Ints, predicted: Ints, weights: Floats, n_classes: int) -> Confusions:
    """Count the photos of each pair of true and predicted class.

    ``truth`` and ``predicted`` are class numbers (N,), ``weights`` the weight of each photo (N,).
    """
    cells, which = np.unique(truth * n_classes + predicted, return_inverse=True)
    return Confusions(n_classes, cells // n_classes, cells % n_classes, _sum_by_number(which, weights, len(cells)))


def read_confusions(record: Sequence[Sequence[float]] | Mapping[str, Any], n_classes: int) -> Confusions:
    """Return the confusions that `Confusions.to_record` wrote."""
    if isinstance(record, Mapping):
        true, predicted = (np.asarray(record[name], np.int64) for name in ("true", "predicted"))
        return Confusions(n_classes, true, predicted, np.asarray(record["count"], np.float64))
    matrix = np.asarray(record, np.float64).reshape(n_classes, n_classes)
    true, predicted = np.nonzero(matrix)
    return Confusions(n_classes, true, predicted, matrix[true, predicted])


def _sum_by_number(numbers: Ints, values: Floats, n: int) -> Floats:
    """Return the sum of the values of each number from 0 to n - 1."""
    return np.asarray(np.bincount(numbers, values, n), np.float64)
