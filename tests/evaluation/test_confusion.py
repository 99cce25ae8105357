"""Confusions are the same whether they are kept as a whole matrix or as the cells that are not 0."""

import numpy as np
import pytest

from headstart.evaluation.confusion import MAX_WHOLE, count_confusions, read_confusions
from headstart.evaluation.metrics import evaluate_probabilities


def draw_confusions(n_classes, n=500, *, is_weighted=False):
    generator = np.random.default_rng(n_classes)
    truth, predicted = generator.integers(0, n_classes, (2, n))
    weights = generator.uniform(0, 2, n) if is_weighted else np.ones(n)
    whole = np.zeros((n_classes, n_classes))
    np.add.at(whole, (truth, predicted), weights)
    return count_confusions(truth, predicted, weights, n_classes), whole


@pytest.mark.parametrize("n_classes", [2, MAX_WHOLE, MAX_WHOLE + 1])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_a_record_gives_the_matrix_again(n_classes, is_weighted):
    confusions, whole = draw_confusions(n_classes, is_weighted=is_weighted)
    record = confusions.to_record(is_weighted=is_weighted)
    assert isinstance(record, list) == (n_classes <= MAX_WHOLE)
    again = read_confusions(record, n_classes)
    assert again.take_matrix(range(n_classes)) == pytest.approx(whole)


def test_sums_are_those_of_the_matrix():
    confusions, whole = draw_confusions(60, is_weighted=True)
    assert confusions.sum_true() == pytest.approx(whole.sum(axis=1))
    assert confusions.sum_predicted() == pytest.approx(whole.sum(axis=0))
    assert confusions.sum_hits() == pytest.approx(whole.diagonal())


def test_the_classes_with_the_most_mistakes_are_found():
    truth = np.array([0, 0, 0, 1, 2, 2, 3])
    predicted = np.array([2, 2, 0, 1, 2, 3, 3])
    confusions = count_confusions(truth, predicted, np.ones(7), 4)
    assert confusions.find_confused(2) == [0, 2]
    assert confusions.list_mistakes(5) == [(0, 2, 2.0), (2, 3, 1.0)]
    assert confusions.take_matrix([0, 2]).tolist() == [[1, 2], [0, 1]]


def test_metrics_of_a_thousand_classes_have_no_whole_matrix():
    n_classes = 1000
    y = np.arange(2 * n_classes) % n_classes
    probabilities = np.full((len(y), n_classes), 0.5 / (n_classes - 1))
    probabilities[np.arange(len(y)), y] = 0.5
    metrics = evaluate_probabilities(y, probabilities, [f"{c:04}" for c in range(n_classes)])
    assert metrics["confusion_matrix"]["count"] == [2] * n_classes
    assert metrics["per_class"]["0999"]["support"] == 2
    assert metrics["accuracy"] == metrics["macro_f1"] == 1
