"""Repeated stratified cross-validation on cached features: a second, steadier figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from headstart.head.strength import hold_out
from headstart.training.fitting import weigh_classes

N_FOLDS = 5
N_REPEATS = 3
N_MANY = 5_000  # from here on one repeat is as steady as three were, and three would take long


class CrossValidation(TypedDict):
    """Mean and standard deviation of the held-out accuracy, over folds of all repeats."""

    accuracy_mean: float
    accuracy_sd: float
    n_folds: int
    n_repeats: int
    n: int


def cross_validate(
    X: npt.NDArray[np.float32],
    y: npt.NDArray[np.int64],
    n_classes: int,
    *,
    strength: float,
    seed: int,
    class_weight: str = "auto",
    sample_weight: npt.NDArray[np.float64] | None = None,
    groups: Sequence[str] | None = None,
) -> CrossValidation | None:
    """Fit on four fifths and judge the last fifth, in turn, with the strength as it is.

    Parameters
    ----------
    X, y
        Features (N, D) and class numbers (N,) of the photos that are not the test set.

    Returns
    -------
    None if a class has fewer than two photos: then no fold can hold one out.
    """
    if np.bincount(y, minlength=n_classes).min() < 2:
        return None
    n_repeats = 1 if len(y) > N_MANY else N_REPEATS
    weights = weigh_classes(y, n_classes, class_weight)
    names = None if groups is None else np.array(groups)
    accuracies: list[float] = []
    for repeat in range(n_repeats):
        held = hold_out(
            X, y, n_classes=n_classes, strength=strength, seed=seed + repeat, groups=names,
            sample_weight=sample_weight, class_weight=weights, n_folds=N_FOLDS,
        )  # fmt: skip
        accuracies += [float(held.is_right[held.fold == fold].mean()) for fold in np.unique(held.fold[held.fold >= 0])]
    if not accuracies:
        return None
    return {
        "accuracy_mean": float(np.mean(accuracies)),
        "accuracy_sd": float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else 0.0,
        "n_folds": N_FOLDS,
        "n_repeats": n_repeats,
        "n": len(y),
    }
