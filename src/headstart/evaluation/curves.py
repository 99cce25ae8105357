"""Curves of one class against the rest: ROC, and precision by recall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.evaluation.ranking import average_over_classes, count_above

MAX_CURVES = 8  # more lines in one chart cannot be told apart
MAX_POINTS = 60

Floats = NDArray[np.float64]


def trace_curves(
    y: NDArray[np.int64], probabilities: NDArray[Any], per_class: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Trace the curves of up to 8 classes: of all, or of those with the lowest recall.

    Parameters
    ----------
    y, probabilities
        True class numbers (N,) and probabilities (N, C).
    per_class
        Measures by class, in the order of the columns, as `evaluate_probabilities` returns them.

    Returns
    -------
    For each class, in the order of the columns, plain Python values: ``label``, ``roc_auc``, ``average_precision``, and
    lists of at most 60 numbers: ``false_alarm_rate``, ``recall`` and ``precision``, by descending threshold. ROC curves
    begin at 0, 0. A class that has no photos, or all photos, is left out.

    Examples
    --------
    >>> y, probabilities = np.array([0, 0, 1, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.2, 0.8]])
    >>> [curve] = trace_curves(y, probabilities, {"a": {"recall": 1.0}, "b": {"recall": 1.0}})[1:]
    >>> curve["label"], curve["roc_auc"], curve["recall"], curve["false_alarm_rate"]
    ('b', 1.0, [0.0, 0.5, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.5, 1.0])
    """
    names = list(per_class)
    found = [number for number in range(len(names)) if per_class[names[number]]["recall"] is not None]
    worst = sorted(found, key=lambda number: float(per_class[names[number]]["recall"]))[:MAX_CURVES]
    curves = [_trace(names[number], y == number, probabilities[:, number]) for number in sorted(worst)]
    return [curve for curve in curves if curve is not None]


def _trace(label: str, is_member: NDArray[np.bool_], scores: NDArray[Any]) -> dict[str, Any] | None:
    weights = np.ones(len(scores))
    counts = count_above(is_member, scores, weights)
    if counts is None:
        return None
    hits, alarms = (np.concatenate([[0.0], some]) for some in counts)
    recall, alarm_rate = hits / hits[-1], alarms / alarms[-1]
    precision = np.divide(hits, hits + alarms, out=np.ones_like(hits), where=hits + alarms > 0)
    precision[0] = precision[1]
    area, average = average_over_classes(is_member.astype(np.int64), np.stack([-scores, scores], 1), weights)
    points = _thin(recall, alarm_rate)
    lists = {"false_alarm_rate": alarm_rate, "recall": recall, "precision": precision}
    return {"label": label, "roc_auc": area, "average_precision": average} | {
        name: values[points].round(5).tolist() for name, values in lists.items()
    }


def _thin(recall: Floats, alarm_rate: Floats) -> NDArray[np.int64]:
    """Return the numbers of at most 60 points, evenly spaced along the ROC curve, the first and the last among them."""
    if len(recall) <= MAX_POINTS:
        return np.arange(len(recall))
    way = recall + alarm_rate  # from 0 to 2, ascending
    return np.unique(np.searchsorted(way, np.linspace(0, way[-1], MAX_POINTS)))
