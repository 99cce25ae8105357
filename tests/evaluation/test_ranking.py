"""ROC AUC and average precision against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from headstart.evaluation.ranking import average_over_classes


def judge_second_class(positive, scores, weights):
    """Return ROC AUC and average precision of the second of two classes."""
    scores = np.asarray(scores, dtype=float)
    return average_over_classes(np.array(positive, dtype=int), np.stack([-scores, scores], axis=1), weights)


@pytest.mark.parametrize("decimals", [1, 8], ids=["many ties", "no ties"])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_both_agree_with_scikit_learn(decimals, is_weighted):
    rng = np.random.default_rng(0)
    positive = rng.random(400) < 0.3
    scores = np.round(rng.normal(size=400) + positive, decimals)
    weights = rng.integers(0, 4, 400).astype(float) if is_weighted else np.ones(400)
    area, precision = judge_second_class(positive, scores, weights)
    assert area == pytest.approx(roc_auc_score(positive, scores, sample_weight=weights), abs=1e-12)
    assert precision == pytest.approx(average_precision_score(positive, scores, sample_weight=weights), abs=1e-12)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [1, 3, 0, 2]])
def test_the_order_of_photos_with_equal_scores_does_not_matter(order):
    positive = np.array([True, False, True, False])
    assert judge_second_class(positive[order], np.full(4, 0.5), np.ones(4)) == (0.5, 0.5)


@pytest.mark.parametrize("positive", [[True, True], [False, False], []], ids=["all in", "all out", "none"])
def test_both_are_none_unless_photos_are_inside_and_outside_the_class(positive):
    assert judge_second_class(positive, np.ones(len(positive)), np.ones(len(positive))) == (None, None)


def test_a_photo_with_weight_0_does_not_count():
    assert judge_second_class([True, False, False], [0.5, 0.9, 0.1], np.array([1.0, 0.0, 1.0])) == (1.0, 1.0)


def test_the_mean_is_over_classes_with_photos():
    rng = np.random.default_rng(1)
    y = rng.choice([0, 2, 3], 200)
    probabilities = rng.dirichlet(np.ones(4), 200)
    area, precision = average_over_classes(y, probabilities, np.ones(200))
    assert area == pytest.approx(np.mean([roc_auc_score(y == c, probabilities[:, c]) for c in (0, 2, 3)]))
    assert precision == pytest.approx(
        np.mean([average_precision_score(y == c, probabilities[:, c]) for c in (0, 2, 3)])
    )


def test_with_two_classes_the_second_one_is_evaluated():
    y, probabilities = np.array([0, 1, 1]), np.array([[0.6, 0.4], [0.7, 0.3], [0.1, 0.9]])
    area, precision = average_over_classes(y, probabilities, np.ones(3))
    assert area == pytest.approx(0.5)
    assert precision == pytest.approx((1 + 2 / 3) / 2)
