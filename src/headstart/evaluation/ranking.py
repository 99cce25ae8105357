"""Metrics of the ranking: whether photos of a class get a higher probability for it than the others.

Letters: N photos, C classes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def compute_roc_auc(positive: NDArray[np.bool_], scores: Floats, weights: Floats) -> float | None:
    """Compute the area under the ROC curve: how often a positive photo outranks a negative one.

    Parameters
    ----------
    positive
        bool (N,). True where the photo belongs to the class.
    scores
        float64 (N,). Any increasing score; ties count half.
    weights
        float64 (N,), at least 0. The weight of each photo.

    Returns
    -------
    float or None
        0 to 1, where 0.5 is chance; None if there is no positive or no negative photo.

    Examples
    --------
    >>> compute_roc_auc(np.array([False, True, True]), np.array([0.2, 0.1, 0.9]), np.ones(3))
    0.5
    """
    counts = _count_above(positive, scores, weights)
    return None if counts is None else _measure_area(*counts)


def compute_average_precision(positive: NDArray[np.bool_], scores: Floats, weights: Floats) -> float | None:
    """Compute the mean of the precision over the recall, as steps (not interpolated, which flatters).

    Takes and returns what ``compute_roc_auc`` does; here chance is the share of positive photos.

    Examples
    --------
    >>> compute_average_precision(np.array([False, True]), np.array([0.2, 0.1]), np.ones(2))
    0.5
    """
    counts = _count_above(positive, scores, weights)
    return None if counts is None else _average_precision(*counts)


def average_over_classes(
    y: NDArray[np.int64], probabilities: Floats, weights: Floats
) -> tuple[float | None, float | None]:
    """Compute ROC AUC and average precision by one convention for any number of classes.

    With two classes it is that of the class with index 1. With more it is the plain (macro) mean of each class
    against the rest, over the classes that have photos in ``y``. It costs C sorts of N numbers.

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
        ROC AUC and average precision; None where no class has photos both inside and outside it.
    """
    n_classes = probabilities.shape[1]
    columns = [1] if n_classes == 2 else range(n_classes)
    areas, precisions = [], []
    for column in columns:
        counts = _count_above(y == column, probabilities[:, column], weights)
        if counts is not None:
            areas.append(_measure_area(*counts))
            precisions.append(_average_precision(*counts))
    if not areas:
        return None, None
    return float(np.mean(areas)), float(np.mean(precisions))


def _count_above(positive: NDArray[np.bool_], scores: Floats, weights: Floats) -> tuple[Floats, Floats] | None:
    """Weigh the positive and the negative photos at or above each distinct score, highest score first.

    Photos of equal score stand or fall together: their order in the file must not change the metric.
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
