"""Check and standardise training rows once, for the fits of all strengths and all folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from headstart.head.standardise import Standardisation, measure_standardisation
from headstart.head.training_rows import TrainingRows, check_rows


@dataclass(frozen=True, eq=False)
class PreparedRows:
    """Checked rows, and their standardised features.

    Attributes
    ----------
    standardisation
        Standardisation of all rows. It uses no label, so the folds of a cross-validation share it.
    Z
        (N, D + 1), the last column all ones.
    """

    rows: TrainingRows
    standardisation: Standardisation
    Z: npt.NDArray[Any]
    n_classes: int


def prepare_rows(
    X: npt.NDArray[Any],
    y: npt.NDArray[Any],
    *,
    n_classes: int,
    sample_weight: npt.NDArray[Any] | None = None,
    class_weight: npt.NDArray[Any] | None = None,
    floor: float = 0.0,
) -> PreparedRows:
    """Check and standardise rows.

    Parameters
    ----------
    X
        (N, D) features; float64 is computed in float64, all else in float32.
    y
        (N,) class numbers, 0 to ``n_classes`` - 1.
    sample_weight, class_weight
        (N,) and (C,), at least 0. Their product is the weight of a row. A row of weight 2 counts as two rows.
    floor
        As for `measure_standardisation`.

    Raises
    ------
    FitError
        As `check_rows`: the error lists all problems.

    Examples
    --------
    >>> prepare_rows([[1.0], [3.0]], [0, 1], n_classes=2).Z.tolist()
    [[-1.0, 1.0], [1.0, 1.0]]
    """
    rows = check_rows(X, y, n_classes, sample_weight=sample_weight, class_weight=class_weight)
    standardisation = measure_standardisation(rows.X, rows.weight, floor=floor)
    return PreparedRows(rows, standardisation, standardisation.apply(rows.X), n_classes)
