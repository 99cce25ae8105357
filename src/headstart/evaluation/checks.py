"""Checks of the arrays before a metric is computed from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.errors import EvaluationError

SUM_TOLERANCE = 0.01  # float16, or a CSV with four decimals, changes the sum of a row by less

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def check_inputs(
    y: ArrayLike, probabilities: ArrayLike, classes: Sequence[str], sample_weight: ArrayLike | None
) -> tuple[Ints, Floats, Floats]:
    """Return true classes (N,), probabilities (N, C) and weights (N,).

    Raises
    ------
    EvaluationError
        If an array has the wrong shape, type or range, or there is no photo. The message lists all problems.
    """
    truth = np.asarray(y)
    given = np.asarray(probabilities, dtype=np.float64)
    weights = np.ones(truth.size) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    problems = _find_wrong_shapes(truth, given, weights, classes)
    if not problems:
        problems = _find_wrong_values(truth, given, weights, len(classes))
    if problems:
        raise EvaluationError(
            f"Cannot evaluate predictions: {'; '.join(problems)}. Pass the true classes and the probabilities "
            "of the same photos, with columns in the order of the classes."
        )
    return truth.astype(np.int64), given, weights


def check_classes(y: ArrayLike, n_classes: int) -> Ints:
    """Return class indices as int64 (N,). Raise EvaluationError if they are not class indices."""
    indices = np.asarray(y)
    problems = [] if indices.size == 0 else _find_wrong_indices(indices, n_classes)
    if problems:
        raise EvaluationError(f"Cannot count classes: {problems[0]}. Pass indices, not names.")
    return indices.astype(np.int64).reshape(-1)


def check_groups(groups: Sequence[str], n_photos: int) -> NDArray[np.str_]:
    """Return the names of groups, (N,). Raise EvaluationError unless each photo has one."""
    names = np.asarray(groups, str)
    if names.shape != (n_photos,):
        raise EvaluationError(
            f"Cannot evaluate predictions: got groups of shape {names.shape}, need ({n_photos},). Give a photo without "
            "a group a name of its own."
        )
    return names


def _find_wrong_shapes(truth: Ints, given: Floats, weights: Floats, classes: Sequence[str]) -> list[str]:
    problems = []
    if len(classes) < 2 or len(set(classes)) != len(classes):
        problems.append(f"got the classes {list(classes)}, need at least 2 different names")
    if truth.ndim != 1 or truth.size == 0:
        problems.append(f"got true classes of shape {truth.shape}, need (N,) with at least 1 photo")
    elif given.shape != (truth.size, len(classes)):
        problems.append(f"got probabilities of shape {given.shape}, need ({truth.size}, {len(classes)})")
    if truth.ndim == 1 and weights.shape != truth.shape:
        problems.append(f"got weights of shape {weights.shape}, need {truth.shape}")
    return problems


def _find_wrong_values(truth: Ints, given: Floats, weights: Floats, n_classes: int) -> list[str]:
    problems = _find_wrong_indices(truth, n_classes)
    if not np.isfinite(given).all() or given.min() < 0:
        problems.append("got probabilities that are negative or not finite, need 0 to 1")
    elif np.abs(given.sum(axis=1) - 1).max() > SUM_TOLERANCE:
        row = int(np.abs(given.sum(axis=1) - 1).argmax())
        problems.append(f"got probabilities that sum to {given[row].sum():.4g} in row {row}, need 1")
    if not np.isfinite(weights).all() or weights.min() < 0 or weights.sum() <= 0:
        problems.append("got weights that are negative, not finite or all 0, need at least one above 0")
    return problems


def _find_wrong_indices(indices: Ints, n_classes: int) -> list[str]:
    if indices.dtype.kind not in "iu":
        return [f"got true classes of type {indices.dtype}, need integers"]
    if indices.min() < 0 or indices.max() >= n_classes:
        return [f"got true classes from {indices.min()} to {indices.max()}, need 0 to {n_classes - 1}"]
    return []
