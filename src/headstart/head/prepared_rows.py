"""Training rows made ready for the solver once, whatever is then fitted to them: every strength and every fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from headstart.head.standardise import Standardisation, measure_standardisation
from headstart.head.training_rows import TrainingRows, check_rows


@dataclass(frozen=True, eq=False)
class PreparedRows:
    """Checked rows and their standardised features.

    Attributes
    ----------
    standardisation
        That of all rows. It sees no label, and so the folds of a cross-validation can share it.
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
    X, y, sample_weight, class_weight
        As for `fit_logistic`.
    floor
        As for `measure_standardisation`.

    Raises
    ------
    FitError
        As `check_rows`.

    Examples
    --------
    >>> prepare_rows([[1.0], [3.0]], [0, 1], n_classes=2).Z.tolist()
    [[-1.0, 1.0], [1.0, 1.0]]
    """
    rows = check_rows(X, y, n_classes, sample_weight=sample_weight, class_weight=class_weight)
    standardisation = measure_standardisation(rows.X, rows.weight, floor=floor)
    return PreparedRows(rows, standardisation, standardisation.apply(rows.X), n_classes)
