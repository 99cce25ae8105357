"""Metrics of the ranking: whether photos of a class get a higher probability for it than others.

Letters: N photos, C classes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def average_over_classes(
    y: NDArray[np.int64], probabilities: Floats, weights: Floats
) -> tuple[float | None, float | None]:
    """Compute ROC AUC and average precision by one convention for any number of classes.

    With two classes, they are those of the class with index 1. With more, they are the plain (macro) means over the
    classes that have photos in ``y``, each against the rest. The cost is C sorts of N numbers.

    Average precision sums precision over steps of recall. Interpolation was rejected: it is optimistic.

    Parameters
    ----------
    y
        int64 (N,). The true class of each photo, 0 to C - 1.
    probabilities
        float64 (N, C).
    weights
        float64 (N,), at least 0.

    Returns
    -------
    tuple of (float or None)
        ROC AUC and average precision, 0 to 1. None if no class has photos both inside and outside it.
    """
    n_classes = probabilities.shape[1]
    columns = [1] if n_classes == 2 else range(n_classes)
    areas, precisions = [], []
    for column in columns:
        counts = count_above(y == column, probabilities[:, column], weights)
        if counts is not None:
            areas.append(_measure_area(*counts))
            precisions.append(_average_precision(*counts))
    if not areas:
        return None, None
    return float(np.mean(areas)), float(np.mean(precisions))


def count_above(positive: NDArray[np.bool_], scores: Floats, weights: Floats) -> tuple[Floats, Floats] | None:
    """Sum the weights of positive and of negative photos at or above each distinct score, highest score first.

    Photos with equal scores are counted in one step, so their order in the file does not change the metric.
    """
    if scores.size == 0:
        return None
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    is_last_of_tie = np.append(ranked[1:] != ranked[:-1], True)
    hits = np.cumsum(weights[order] * positive[order])[is_last_of_tie]
    false_alarms = np.cumsum(weights[order] * ~positive[order])[is_last_of_tie]
    if hits[-1] <= 0 or false_alarms[-1] <= 0:
        return None
    return hits, false_alarms


def _measure_area(hits: Floats, false_alarms: Floats) -> float:
    hit_rate = np.concatenate([[0.0], hits / hits[-1]])
    alarm_rate = np.concatenate([[0.0], false_alarms / false_alarms[-1]])
    return float(np.trapezoid(hit_rate, alarm_rate))


def _average_precision(hits: Floats, false_alarms: Floats) -> float:
    answered = hits + false_alarms
    precision = np.divide(hits, answered, out=np.zeros_like(hits), where=answered > 0)
    recall_steps = np.diff(hits / hits[-1], prepend=0.0)
    return float(recall_steps @ precision)
