"""Repeated stratified cross-validation on cached features: an accuracy with less variance than that of one split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from headstart.head.regularisation import MANY_SCORES, predict_held_out
from headstart.methods.head_fitting import prepare_views, weigh_classes
from headstart.process.progress import Progress, ignore_progress

N_FOLDS = 5
N_REPEATS = 3
MAX_SIZE_TOGETHER = 100_000  # photos times classes up to which all repeats are fitted together
N_MANY = 5_000  # photos; above it, and with many scores, one repeat has little variance, and three would take long


class CrossValidation(TypedDict):
    """Held-out accuracy: its mean over all photos and repeats, and its standard deviation over the folds.

    ``n`` photos were predicted in ``n_folds`` folds, which were drawn ``n_repeats`` times.
    """

    accuracy_mean: float
    accuracy_sd: float
    n_folds: int
    n_repeats: int
    n: int


def cross_validate(
    views: npt.NDArray[np.float32], y: npt.NDArray[np.int64], n_classes: int, *, strength: float, seed: int,
    class_weight: str = "auto", sample_weight: npt.NDArray[np.float64] | None = None,
    groups: Sequence[str] | None = None, n_averaged: int = 1, progress: Progress = ignore_progress,
) -> CrossValidation | None:  # fmt: skip
    """Predict each photo by a head that was fitted to four fifths of the others.

    Return None if fewer than two classes can be predicted by heads that were fitted without them.

    Parameters
    ----------
    views, y
        Features (V, N, D) of V views, and class numbers (N,), of all photos but the test photos.
    n_averaged
        Number of views, 1 or V, whose scores are averaged for a prediction. Heads are fitted to all views.
    """
    # with few groups, every repeat would draw the same folds
    has_many_groups = groups is None or len(set(groups)) > 2 * N_FOLDS
    is_large = len(y) > N_MANY or len(y) * n_classes >= MANY_SCORES
    n_repeats = N_REPEATS if has_many_groups and not is_large else 1
    prepared, names = prepare_views(
        views, y, n_classes, class_weight=weigh_classes(y, n_classes, class_weight, sample_weight),
        sample_weight=sample_weight, groups=groups,
    )  # fmt: skip
    pooled, by_fold, n_folds, n_judged = [], [], 0, 0
    # repeats are fitted together if that takes little memory: with many classes, heads are large
    size = n_repeats if len(prepared.rows.y) * n_classes < MAX_SIZE_TOGETHER else 1
    together = [range(n, n + size) for n in range(seed, seed + n_repeats, size)]
    for held in (
        held for some in together
        for held in predict_held_out(
            prepared, strength=strength, seeds=some, groups=names, n_folds=N_FOLDS, n_views=len(views),
            n_averaged=n_averaged, progress=progress,
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
        "n_folds": n_folds, "n_repeats": n_repeats, "n": n_judged,
    }  # fmt: skip
