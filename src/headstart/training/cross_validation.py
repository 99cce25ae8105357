"""Repeated stratified cross-validation on cached features: a second, steadier figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from headstart.head.folds import make_folds
from headstart.head.logistic import fit_logistic
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
    accuracies = []
    for repeat in range(n_repeats):
        folds = make_folds(y, n_folds=N_FOLDS, seed=seed + repeat, groups=None if groups is None else np.array(groups))
        for fold in np.unique(folds):
            is_held = folds == fold
            if len(np.unique(y[~is_held])) < n_classes:
                continue  # all photos of a class are in one group, and it is held out
            weights = None if sample_weight is None else sample_weight[~is_held]
            fit = fit_logistic(
                X[~is_held], y[~is_held], n_classes=n_classes, strength=strength, sample_weight=weights,
                class_weight=weigh_classes(y[~is_held], n_classes, class_weight),
            )  # fmt: skip
            accuracies.append(float((fit.head.scores(X[is_held]).argmax(1) == y[is_held]).mean()))
    if not accuracies:
        return None
    mean, sd = float(np.mean(accuracies)), float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else 0.0
    return {"accuracy_mean": mean, "accuracy_sd": sd, "n_folds": N_FOLDS, "n_repeats": n_repeats, "n": len(y)}
