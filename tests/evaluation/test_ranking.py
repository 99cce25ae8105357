"""ROC AUC and average precision against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from headstart.evaluation.ranking import average_over_classes, compute_average_precision, compute_roc_auc


@pytest.mark.parametrize("decimals", [1, 8], ids=["many ties", "no ties"])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_agree_with_scikit_learn(decimals, is_weighted):
    rng = np.random.default_rng(0)
    positive = rng.random(400) < 0.3
    scores = np.round(rng.normal(size=400) + positive, decimals)
    weights = rng.integers(0, 4, 400).astype(float) if is_weighted else np.ones(400)
    area, precision = (f(positive, scores, weights) for f in (compute_roc_auc, compute_average_precision))
    assert area == pytest.approx(roc_auc_score(positive, scores, sample_weight=weights), abs=1e-12)
    assert precision == pytest.approx(average_precision_score(positive, scores, sample_weight=weights), abs=1e-12)


def test_do_not_depend_on_the_order_of_tied_photos():
    positive, scores = np.array([True, False, True, False]), np.full(4, 0.5)
    for order in ([0, 1, 2, 3], [1, 3, 0, 2]):
        assert compute_roc_auc(positive[order], scores, np.ones(4)) == 0.5
        assert compute_average_precision(positive[order], scores, np.ones(4)) == 0.5


@pytest.mark.parametrize("positive", [[True, True], [False, False], []], ids=["all in", "all out", "none"])
def test_are_undefined_without_both_kinds(positive):
    positive = np.array(positive, dtype=bool)
    scores = weights = np.ones(len(positive))
    assert compute_roc_auc(positive, scores, weights) is None
    assert compute_average_precision(positive, scores, weights) is None


def test_weight_of_0_takes_a_photo_out():
    positive, scores = np.array([True, False, False]), np.array([0.5, 0.9, 0.1])
    assert compute_roc_auc(positive, scores, np.array([1.0, 0.0, 1.0])) == 1.0
    assert compute_average_precision(positive, scores, np.array([1.0, 0.0, 1.0])) == 1.0


def test_mean_over_classes_leaves_out_absent_ones():
    rng = np.random.default_rng(1)
    y = rng.choice([0, 2, 3], 200)
    probabilities = rng.dirichlet(np.ones(4), 200)
    area, precision = average_over_classes(y, probabilities, np.ones(200))
    assert area == pytest.approx(np.mean([roc_auc_score(y == c, probabilities[:, c]) for c in (0, 2, 3)]))
    assert precision == pytest.approx(
        np.mean([average_precision_score(y == c, probabilities[:, c]) for c in (0, 2, 3)])
    )


def test_two_classes_are_judged_by_the_second():
    y, probabilities = np.array([0, 1, 1]), np.array([[0.6, 0.4], [0.7, 0.3], [0.1, 0.9]])
    area, precision = average_over_classes(y, probabilities, np.ones(3))
    assert area == pytest.approx(0.5)
    assert precision == pytest.approx((1 + 2 / 3) / 2)
