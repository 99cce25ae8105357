"""Check training rows and validation rows; one error lists all problems. Standardise training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.errors import FitError
from headstart.head.parallel_rows import map_blocks
from headstart.head.standardise import Standardisation, measure_standardisation


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """N checked rows that a head can be fitted to.

    Attributes
    ----------
    X
        (N, D) float32; or float64 if float64 was given: then the whole fit is computed in float64.
    y
        (N,) int64, 0 to C - 1.
    weight
        (N,) float64, at least 0: the weight of the row times the weight of its class.
    """

    X: npt.NDArray[Any]
    y: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]


def check_rows(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    n_classes: int,
    *,
    sample_weight: npt.ArrayLike | None = None,
    class_weight: npt.ArrayLike | None = None,
) -> TrainingRows:
    """Check training rows and combine their weights.

    Raises
    ------
    FitError
        If shapes do not match, features are not finite, labels are out of range, a class has no row, or a weight is
        negative. The error lists all problems.
    """
    features, labels = _check_shapes(X, y, "fit a head")
    weight = weigh_rows(
        labels, n_classes, n_nonfinite=_count_all_nonfinite(features), sample_weight=sample_weight,
        class_weight=class_weight,
    )  # fmt: skip
    return TrainingRows(features, labels, weight)


@dataclass(frozen=True, eq=False)
class PreparedRows:
    """Checked rows, and their standardised features.

    Attributes
    ----------
    standardisation
        Standardisation of all rows. It uses no label, so the folds of a cross-validation share it.
    Z
        (N, D + 1), the last column all ones.
    has_ridge
        Whether a head is the mean of two, by logistic regression and by ridge regression, or the first alone.
    """

    rows: TrainingRows
    standardisation: Standardisation
    Z: npt.NDArray[Any]
    n_classes: int
    has_ridge: bool = False


def prepare_rows(
    X: npt.NDArray[Any],
    y: npt.NDArray[Any],
    *,
    n_classes: int,
    sample_weight: npt.NDArray[Any] | None = None,
    class_weight: npt.NDArray[Any] | None = None,
    floor: float = 0.0,
    standardisation: Standardisation | None = None,
) -> PreparedRows:
    """Check and standardise rows, once for the fits of all strengths and all folds.

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
    standardisation
        A known standardisation, such as that of the training rows. Default: it is measured on these rows.

    Examples
    --------
    >>> prepare_rows([[1.0], [3.0]], [0, 1], n_classes=2).Z.tolist()
    [[-1.0, 1.0], [1.0, 1.0]]
    """
    rows = check_rows(X, y, n_classes, sample_weight=sample_weight, class_weight=class_weight)
    if standardisation is None:
        standardisation = measure_standardisation(rows.X, rows.weight, floor=floor)
    return PreparedRows(rows, standardisation, standardisation.apply(rows.X), n_classes)


def weigh_rows(
    y: npt.NDArray[np.int64],
    n_classes: int,
    *,
    n_nonfinite: int = 0,
    sample_weight: npt.ArrayLike | None = None,
    class_weight: npt.ArrayLike | None = None,
) -> npt.NDArray[np.float64]:
    """Check labels (N,) and weights, and that no row has NaN or infinity; return the weight of each row, (N,)."""
    n_rows = len(y)
    row_weight = np.ones(n_rows) if sample_weight is None else np.asarray(sample_weight, np.float64)
    per_class = np.ones(n_classes) if class_weight is None else np.asarray(class_weight, np.float64)
    problems = _find_label_problems(y, n_classes) + _find_feature_problems(n_nonfinite)
    for name, values, n_needed in (("sample_weight", row_weight, n_rows), ("class_weight", per_class, n_classes)):
        if values.shape != (n_needed,):
            problems.append(f"got {name} of shape {values.shape}, need ({n_needed},)")
        elif not (np.isfinite(values) & (values >= 0)).all():
            n_wrong = int((~(np.isfinite(values) & (values >= 0))).sum())
            problems.append(f"got {n_wrong} negative or infinite values of {name}, need 0 or more")
    if not problems:
        row_weight = row_weight * per_class[y]
        problems += _find_missing_classes(y[row_weight > 0], n_classes)
    _raise_if_any(problems, "fit a head")
    return row_weight


def check_validation_rows(
    validation: tuple[npt.ArrayLike, npt.ArrayLike], n_features: int, n_classes: int
) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Check validation rows of ``n_features`` features; a class may be missing from them."""
    features, labels = _check_shapes(*validation, "use validation rows")
    n_nonfinite = _count_all_nonfinite(features)
    check_validation_labels(labels, features.shape[1], n_features, n_classes, n_nonfinite=n_nonfinite)
    return features, labels


def check_validation_labels(
    y: npt.NDArray[np.int64], n_given: int, n_features: int, n_classes: int, *, n_nonfinite: int = 0
) -> None:
    """Check labels (M,) of validation rows with ``n_given`` features, given ``n_features`` of the training rows."""
    problems = _find_label_problems(y, n_classes) + _find_feature_problems(n_nonfinite)
    if n_given != n_features:
        problems.append(f"got {n_given} features, need {n_features} as in training")
    _raise_if_any(problems, "use validation rows")


def _check_shapes(X: npt.ArrayLike, y: npt.ArrayLike, action: str) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    features = X if isinstance(X, np.memmap) else np.asarray(X)  # an array in a file stays in its file
    labels = check_labels(features.shape, features.dtype, y, action)
    kind = np.float64 if features.dtype == np.float64 else np.float32
    return features.astype(kind, copy=False), labels


def check_labels(shape: tuple[int, ...], dtype: np.dtype[Any], y: npt.ArrayLike, action: str) -> npt.NDArray[np.int64]:
    """Return labels (N,) as int64; raise FitError if they do not match features of this shape and type."""
    labels = np.asarray(y)
    is_matching = len(shape) == 2 and labels.shape == shape[:1] and min(shape) > 0
    is_numeric = dtype.kind in "fiu" and labels.dtype.kind in "iu"
    if not (is_matching and is_numeric):
        raise FitError(
            f"Cannot {action}: got features {shape} of {dtype} and labels {labels.shape} of "
            f"{labels.dtype}, need (N, D) numbers and (N,) integers, N and D at least 1. Pass one label for each row."
        )
    return labels.astype(np.int64, copy=False)


def _find_label_problems(y: npt.NDArray[np.int64], n_classes: int) -> list[str]:
    if n_classes < 2:
        return [f"got n_classes {n_classes}, need at least 2"]
    if y.min() < 0 or y.max() >= n_classes:
        return [f"got labels from {y.min()} to {y.max()}, need 0 to {n_classes - 1}"]
    return []


def _find_feature_problems(n_nonfinite: int) -> list[str]:
    return [f"got {n_nonfinite} rows with NaN or infinity, need finite features"] if n_nonfinite else []


def _count_all_nonfinite(X: npt.NDArray[Any]) -> int:
    return sum(map_blocks(lambda rows: count_nonfinite_rows(X[rows]), X))


def count_nonfinite_rows(X: npt.NDArray[Any]) -> int:
    """Return the number of rows with NaN or infinity."""
    with np.errstate(all="ignore"):  # if the sum is finite, all numbers are: a faster check
        return 0 if np.isfinite(X.sum()) else int((~np.isfinite(X).all(axis=1)).sum())


def _find_missing_classes(y: npt.NDArray[np.int64], n_classes: int) -> list[str]:
    counts = np.bincount(y, minlength=n_classes)
    present, missing = np.flatnonzero(counts), np.flatnonzero(counts == 0)
    if len(present) == 1:
        return [f"got rows of class {present[0]} alone, need at least 2 classes"]
    if len(missing):
        return [f"got no rows of class {', '.join(map(str, missing))}, need rows of all {n_classes} classes"]
    return []


def check_finite(n_nonfinite: int, action: str) -> None:
    """Raise FitError if any row has NaN or infinity."""
    _raise_if_any(_find_feature_problems(n_nonfinite), action)


def _raise_if_any(problems: list[str], action: str) -> None:
    if problems:
        raise FitError(f"Cannot {action}: {'; '.join(problems)}. Correct the rows, or leave them out.")
