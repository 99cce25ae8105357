"""The linear head gives scores and probabilities, the same for a row whatever rows are beside it."""

import numpy as np
import pytest

from headstart.errors import FitError
from headstart.head.linear import LinearHead, softmax


@pytest.fixture
def head():
    random = np.random.default_rng(0)
    return LinearHead(random.normal(size=(5, 3)).astype(np.float32), random.normal(size=3).astype(np.float32))


def test_scores_are_an_affine_function_of_the_features(head):
    X = np.random.default_rng(1).normal(size=(4, 5)).astype(np.float32)
    by_hand = [[sum(x[d] * head.weights[d, c] for d in range(5)) + head.bias[c] for c in range(3)] for x in X]
    np.testing.assert_allclose(head.scores(X), by_hand, atol=1e-5)
    assert head.scores(X.astype(np.float64)).dtype == np.float32


def test_probabilities_sum_to_1_and_their_odds_follow_the_scores(head):
    X = np.random.default_rng(1).normal(size=(50, 5))
    probabilities = head.probabilities(X)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    # the odds of two classes are the exponential of the difference of their scores
    odds = np.exp(head.scores(X)[:, 1:] - head.scores(X)[:, :1])
    np.testing.assert_allclose(probabilities[:, 1:] / probabilities[:, :1], odds, rtol=1e-4)


def test_no_rows_give_no_probabilities(head):
    assert head.probabilities(np.empty((0, 5), np.float32)).shape == (0, 3)


@pytest.mark.parametrize("size", [1e2, 1e4, 1e30])
def test_softmax_does_not_overflow(size):
    np.testing.assert_allclose(softmax(np.array([[size, -size, 0.0]])), [[1, 0, 0]], atol=1e-30)


def test_softmax_ignores_a_constant_added_to_all_scores():
    scores = np.array([[0.1, -0.2, 0.7]])
    np.testing.assert_allclose(softmax(scores + 500), softmax(scores), rtol=1e-10)


@pytest.mark.parametrize("shape", [(4, 6), (5,)])
def test_features_of_another_backbone_are_refused(head, shape):
    with pytest.raises(FitError, match=r"Cannot score features: got shape .*, need \(N, 5\)"):
        head.scores(np.zeros(shape, np.float32))


def test_weights_and_bias_of_different_shapes_are_refused():
    with pytest.raises(FitError, match=r"Cannot make a head: got weights \(5, 3\) and bias \(2,\)"):
        LinearHead(np.zeros((5, 3), np.float32), np.zeros(2, np.float32))


@pytest.mark.parametrize("n_classes", [2, 3, 7, 40])
def test_the_scores_of_a_row_are_the_same_bits_beside_any_rows(n_classes):
    random = np.random.default_rng(0)
    X = random.normal(size=(1100, 1280)).astype(np.float32)
    head = LinearHead(random.normal(size=(1280, n_classes)).astype(np.float32), np.zeros(n_classes, np.float32))
    together = head.scores(X)
    np.testing.assert_array_equal(np.concatenate([head.scores(row[None]) for row in X[::50]]), together[::50])
    np.testing.assert_array_equal(head.scores(X[3:700]), together[3:700])
