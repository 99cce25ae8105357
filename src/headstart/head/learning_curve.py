"""Errors of heads that learned from a part of the rows: the learning curve, in hundredths of a second.

Every fourth feature and ridge regression suffice: only the fall of the error is taken from the curve, not its level.
Logistic regression on all features gave no better forecasts (docs/decisions/0054-forecast.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.evaluation.forecast import CurvePoint
from headstart.head.folds import make_folds
from headstart.head.objective import evaluate_scores
from headstart.head.ridge import score_heads, solve_ridge, sum_products
from headstart.head.training_rows import prepare_rows

THINNING = 4
FLOOR = 0.5  # as of heads, docs/decisions/0014-standard-deviations-have-a-floor.md
N_QUARTERS = 4
MAX_ROWS = 6_000  # of which the curve is measured: half a second
SMALLEST = 2  # rows of a class, on average, that a head must learn from


def measure_learning_curve(
    X: npt.NDArray[np.float32], y: npt.NDArray[np.int64], n_classes: int, *, seed: int,
    groups: Sequence[str] | None = None, sample_weight: npt.NDArray[np.float64] | None = None,
    class_weight: npt.NDArray[np.float64] | None = None,
) -> list[CurvePoint]:  # fmt: skip
    """Judge heads that learned from a quarter, a half and three quarters of the rows, on the other rows.

    Parameters
    ----------
    X
        (N, D) float32 features.
    y
        (N,) class numbers.
    groups
        (N,) names; rows of one group are learned from or judged together.

    Returns
    -------
    One point for each size, the smallest first; fewer than three if a quarter of the rows is too few to learn from.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(400, 16)).astype(np.float32)
    >>> y = (X[:, 0] + X[:, 4] > 0).astype(np.int64)
    >>> [(round(point.n_fitted), point.n_judged) for point in measure_learning_curve(X, y, 2, seed=0)]
    [(100, 1200), (200, 1200), (300, 400)]
    """
    at = _choose_rows(len(y), seed)
    X, y = X[at, ::THINNING], y[at]
    names = None if groups is None else np.array(groups)[at]
    weight = None if sample_weight is None else sample_weight[at]
    prepared = prepare_rows(X, y, n_classes=n_classes, sample_weight=weight, class_weight=class_weight, floor=FLOOR)
    quarter = make_folds(y, n_folds=N_QUARTERS, seed=seed, groups=names)
    of_quarter = prepared.rows.weight[:, None] * (quarter[:, None] == np.arange(N_QUARTERS))
    products = sum_products(prepared, of_quarter)
    points = []
    for size in range(1, N_QUARTERS):
        chosen = list(combinations(range(N_QUARTERS), size))
        used = [np.isin(quarter, some) for some in chosen]
        if min(_count_classes(y[rows], n_classes) for rows in used) < 2 or len(y) * size < (
            SMALLEST * N_QUARTERS * n_classes
        ):
            continue
        heads = solve_ridge(prepared, np.stack([products[list(some)].sum(axis=0) for some in chosen]))
        scores = score_heads(prepared, heads)
        is_right = [evaluate_scores(scores[~rows, head], y[~rows])[1] for head, rows in enumerate(used)]
        judged: npt.NDArray[Any] = np.concatenate(is_right)
        points.append(CurvePoint(float(np.mean([rows.sum() for rows in used])), len(judged), int((~judged).sum())))
    return points


def _choose_rows(n: int, seed: int) -> npt.NDArray[np.int64]:
    if n <= MAX_ROWS:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, MAX_ROWS, replace=False))


def _count_classes(y: npt.NDArray[np.int64], n_classes: int) -> int:
    return int((np.bincount(y, minlength=n_classes) > 0).sum())
