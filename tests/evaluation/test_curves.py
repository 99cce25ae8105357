"""Curves of one class against the rest agree with scikit-learn, and are short."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_curve

from headstart.evaluation.curves import MAX_CURVES, MAX_POINTS, trace_curves
from headstart.evaluation.metrics import evaluate_probabilities

GENERATOR = np.random.default_rng(0)


def make(n, n_classes):
    y = np.arange(n) % n_classes
    scores = GENERATOR.normal(size=(n, n_classes)) + 1.5 * np.eye(n_classes)[y]
    probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    metrics = evaluate_probabilities(y, probabilities, [f"class {c}" for c in range(n_classes)])
    return y, probabilities, metrics


def test_points_and_areas_are_those_of_scikit_learn():
    y, probabilities, metrics = make(50, 2)
    curve = trace_curves(y, probabilities, metrics["per_class"])[1]
    alarms, recalls, _ = roc_curve(y, probabilities[:, 1], drop_intermediate=False)
    np.testing.assert_allclose(curve["false_alarm_rate"], alarms, atol=1e-5)
    np.testing.assert_allclose(curve["recall"], recalls, atol=1e-5)
    precision, recall, _ = precision_recall_curve(y, probabilities[:, 1])
    found = sorted(zip(curve["recall"][1:], curve["precision"][1:], strict=True))
    np.testing.assert_allclose(found, sorted(zip(recall[:-1], precision[:-1], strict=True)), atol=2e-5)
    assert curve["roc_auc"] == pytest.approx(metrics["roc_auc"])
    assert curve["average_precision"] == pytest.approx(metrics["average_precision"])


def test_long_curves_are_thinned_from_end_to_end():
    y, probabilities, metrics = make(3000, 2)
    for curve in trace_curves(y, probabilities, metrics["per_class"]):
        assert 40 < len(curve["recall"]) <= MAX_POINTS
        assert (curve["false_alarm_rate"][0], curve["recall"][0]) == (0, 0)
        assert (curve["false_alarm_rate"][-1], curve["recall"][-1]) == (1, 1)
        area = np.trapezoid(curve["recall"], curve["false_alarm_rate"])
        assert area == pytest.approx(curve["roc_auc"], abs=5e-3)


def test_of_many_classes_the_ones_with_the_lowest_recall_are_traced():
    y, probabilities, metrics = make(600, 20)
    shown = [curve["label"] for curve in trace_curves(y, probabilities, metrics["per_class"])]
    recalls = {label: row["recall"] for label, row in metrics["per_class"].items()}
    assert len(shown) == MAX_CURVES
    assert max(recalls[label] for label in shown) <= min(recalls[label] for label in recalls if label not in shown)


def test_a_class_without_photos_has_no_curve():
    y, probabilities, _ = make(40, 3)
    y = y % 2
    metrics = evaluate_probabilities(y, probabilities, ["a", "b", "c"])
    assert [curve["label"] for curve in trace_curves(y, probabilities, metrics["per_class"])] == ["a", "b"]
    assert trace_curves(np.zeros(3, int), probabilities[:3], {"a": {"recall": 1.0}, "b": {"recall": None}}) == []
