"""Repeated stratified cross-validation on cached features: a second, steadier figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from headstart.head.regularisation import predict_held_out
from headstart.methods.head_fitting import prepare_views, weigh_classes

N_FOLDS = 5
N_REPEATS = 3
SIDE_BY_SIDE = 100_000  # photos times classes
N_MANY = 5_000  # from here on one repeat is as steady as three were, and three would take long


class CrossValidation(TypedDict):
    """Held-out accuracy: the mean over all photos and repeats, and its standard deviation from fold to fold.

    ``n`` photos were judged in ``n_folds`` folds that were drawn ``n_repeats`` times.
    """

    accuracy_mean: float
    accuracy_sd: float
    n_folds: int
    n_repeats: int
    n: int


def cross_validate(
    views: npt.NDArray[np.float32],
    y: npt.NDArray[np.int64],
    n_classes: int,
    *,
    strength: float,
    seed: int,
    class_weight: str = "auto",
    sample_weight: npt.NDArray[np.float64] | None = None,
    groups: Sequence[str] | None = None,
    n_averaged: int = 1,
) -> CrossValidation | None:
    """Fit on four fifths and judge the last fifth, in turn, with the strength as it is.

    Parameters
    ----------
    views, y
        Features (V, N, D) of V views and class numbers (N,) of the photos that are not the test set.
    n_averaged
        A photo is judged by the mean score of so many of its views, 1 or V; it is fitted to all of them.

    Returns
    -------
    None if no photos of two classes can be judged by heads that were fitted without them.
    """
    # with few groups every repeat would draw the same folds
    has_many_groups = groups is None or len(set(groups)) > 2 * N_FOLDS
    n_repeats = N_REPEATS if len(y) <= N_MANY and has_many_groups else 1
    prepared, names = prepare_views(
        views, y, n_classes, class_weight=weigh_classes(y, n_classes, class_weight, sample_weight),
        sample_weight=sample_weight, groups=groups,
    )  # fmt: skip
    pooled, by_fold, n_folds, n_judged = [], [], 0, 0
    seeds = range(seed, seed + n_repeats)
    # side by side while that takes little memory: with many classes every head is large
    size = n_repeats if len(prepared.rows.y) * n_classes < SIDE_BY_SIDE else 1
    together = [seeds[n : n + size] for n in range(0, n_repeats, size)]
    for held in (
        held for some in together
        for held in predict_held_out(
            prepared, strength=strength, seeds=some, groups=names, n_folds=N_FOLDS, n_views=len(views),
            n_averaged=n_averaged,
        )
    ):  # fmt: skip
        is_judged = held.fold >= 0
        if len(np.unique(y[is_judged])) < 2:
            return None
        folds = np.unique(held.fold[is_judged])
        pooled.append(float(held.is_right[is_judged].mean()))
        by_fold += [float(held.is_right[held.fold == fold].mean()) for fold in folds]
        n_folds, n_judged = len(folds), int(is_judged.sum())
    return {
        "accuracy_mean": float(np.mean(pooled)),
        "accuracy_sd": float(np.std(by_fold, ddof=1)) if len(by_fold) > 1 else 0.0,
        "n_folds": n_folds,
        "n_repeats": n_repeats,
        "n": n_judged,
    }
