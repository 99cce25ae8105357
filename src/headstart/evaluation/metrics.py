"""All metrics of a classifier, from true classes and predicted probabilities.

Letters: N photos, C classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.errors import EvaluationError
from headstart.evaluation.calibration import bin_confidence
from headstart.evaluation.checks import check_classes, check_groups, check_inputs
from headstart.evaluation.confusion import Confusions, count_confusions
from headstart.evaluation.intervals import bound_share
from headstart.evaluation.ranking import average_over_classes

# limits the log loss of a photo to 16.1, so that one confident mistake does not dominate the mean
MIN_PROBABILITY = 1e-7
ROWS_AT_ONCE = 1_000

Floats = NDArray[np.float64]


def evaluate_probabilities(
    y: ArrayLike, probabilities: ArrayLike, classes: Sequence[str], *, sample_weight: ArrayLike | None = None,
    groups: Sequence[str] | None = None, variance_factor: float = 1.0,
) -> dict[str, Any]:  # fmt: skip
    """Compute the metrics of a classifier from its probabilities for N photos.

    Parameters
    ----------
    y
        int (N,), 0 to C - 1. The true class of each photo.
    probabilities
        float (N, C), at least 0; each row sums to 1. Of equal probabilities, the lower class index is the answer.
    classes
        Names of the C classes, at least 2, in the order of the columns.
    sample_weight
        float (N,), at least 0, not all 0. The weight of each photo. Default: equal weights.
    groups
        (N,) names; photos of one group are of one patient, video or series. Intervals are wider then. Default: none.
    variance_factor
        Factor of the variance behind the intervals, as for `bound_share`.

    Returns
    -------
    dict
        Plain Python values, ready for JSON. An undefined number is None; shares are 0 to 1.
        ``n``; ``accuracy`` and ``accuracy_ci95`` (Wilson; with weights or groups, for the effective number of photos);
        ``loss`` (mean log loss in nats, probabilities clipped at 1e-7); ``macro_f1`` (over classes that occur in
        ``y`` or in the answers); ``balanced_accuracy`` (mean recall of the classes in ``y``); ``top3_accuracy``
        (None unless C > 3); ``roc_auc`` and ``average_precision`` (class 1 if C = 2, else the mean over the classes
        in ``y``, each against the rest); ``expected_calibration_error`` and ``calibration_bins`` (15);
        ``per_class``: by name ``precision``, ``recall``, ``f1``, ``support`` (photos) and ``recall_ci95``;
        ``confusion_matrix``: up to 50 classes C lists of C, rows true, columns predicted; for more classes the lists
        ``true``, ``predicted`` (class numbers) and ``count`` of the cells that are not 0. Counts of photos, or sums of
        the weights if given.

    Raises
    ------
    EvaluationError
        If there is no photo, or an array does not fit. The message lists all problems.

    Examples
    --------
    >>> metrics = evaluate_probabilities([0, 1, 1], [[0.8, 0.2], [0.4, 0.6], [0.7, 0.3]], ["cats", "dogs"])
    >>> round(metrics["accuracy"], 3), metrics["confusion_matrix"], metrics["per_class"]["dogs"]["recall"]
    (0.667, [[1, 0], [1, 1]], 0.5)
    """
    truth, given, weights = check_inputs(y, probabilities, classes, sample_weight)
    names = None if groups is None else check_groups(groups, len(truth))
    n_classes = len(classes)
    predicted = given.argmax(axis=1)
    is_right = predicted == truth
    confusions = count_confusions(truth, predicted, weights, n_classes)
    rows = _evaluate_classes(confusions, truth, is_right, weights, names, variance_factor)
    per_class = dict(zip(classes, rows, strict=True))
    chosen = np.clip(given[np.arange(len(truth)), truth], MIN_PROBABILITY, 1.0)
    roc_auc, average_precision = average_over_classes(truth, given, weights)
    calibration_error, bins = bin_confidence(given.max(axis=1), is_right, weights)
    f1s = [numbers["f1"] for numbers in per_class.values() if numbers["f1"] is not None]
    recalls = [numbers["recall"] for numbers in per_class.values() if numbers["recall"] is not None]
    return {
        "n": len(truth),
        "accuracy": float(np.average(is_right, weights=weights)),
        "accuracy_ci95": bound_share(is_right, weights, names, variance_factor=variance_factor),
        "loss": float(-np.average(np.log(chosen), weights=weights)),
        "macro_f1": float(np.mean(f1s)),
        "balanced_accuracy": float(np.mean(recalls)),
        "top3_accuracy": _measure_top_3(truth, given, weights) if n_classes > 3 else None,
        "roc_auc": roc_auc,
        "average_precision": average_precision,
        "expected_calibration_error": calibration_error,
        "calibration_bins": bins,
        "per_class": per_class,
        "confusion_matrix": confusions.to_record(is_weighted=sample_weight is not None),
    }


def majority_accuracy(y_train: ArrayLike, y: ArrayLike, n_classes: int) -> float:
    """Compute the accuracy of always answering the commonest training class: the baseline.

    Parameters
    ----------
    y_train, y
        int (N,), 0 to C - 1, at least one each. The true classes of the training photos and of the evaluated ones.
    n_classes
        C. Of two equally common classes, the one with the lower index is the answer.

    Raises
    ------
    EvaluationError
        If either is empty, or has values that are not class indices.
    """
    trained, evaluated = check_classes(y_train, n_classes), check_classes(y, n_classes)
    if trained.size == 0 or evaluated.size == 0:
        raise EvaluationError(
            f"Cannot compute the majority guess: got {trained.size} training and {evaluated.size} evaluated "
            "photos, need at least 1 of each. Evaluate a split that has photos."
        )
    commonest = int(np.bincount(trained, minlength=n_classes).argmax())
    return float(np.mean(evaluated == commonest))


def _evaluate_classes(
    confusions: Confusions,
    truth: NDArray[np.int64],
    is_right: NDArray[np.bool_],
    weights: Floats,
    groups: NDArray[np.str_] | None,
    variance_factor: float,
) -> Iterator[dict[str, Any]]:
    """Yield precision, recall and F1 of each class. A ratio is None if its denominator is 0."""
    order = np.argsort(truth, kind="stable")
    ends = np.searchsorted(truth[order], np.arange(confusions.n_classes + 1))
    sums = zip(confusions.sum_hits(), confusions.sum_true(), confusions.sum_predicted(), strict=True)
    for (start, end), (hits, n_true, n_answered) in zip(pairwise(ends), sums, strict=True):
        members = order[start:end]
        yield {
            "precision": float(hits / n_answered) if n_answered > 0 else None,
            "recall": float(hits / n_true) if n_true > 0 else None,
            "f1": float(2 * hits / (n_true + n_answered)) if n_true + n_answered > 0 else None,
            "support": len(members),
            "recall_ci95": bound_share(
                is_right[members],
                weights[members],
                None if groups is None else groups[members],
                variance_factor=variance_factor,
            ),
        }


def _measure_top_3(truth: NDArray[np.int64], given: Floats, weights: Floats) -> float:
    is_hit = np.empty(len(truth), bool)
    for start in range(0, len(truth), ROWS_AT_ONCE):  # a sort takes twice the memory of its rows
        rows = slice(start, start + ROWS_AT_ONCE)
        top = np.argsort(-given[rows], axis=1, kind="stable")[:, :3]
        is_hit[rows] = (top == truth[rows, None]).any(axis=1)
    return float(np.average(is_hit, weights=weights))
