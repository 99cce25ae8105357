"""Logistic regression converges, whatever the order, the weights and the scale of the rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.errors import FitError
from headstart.head import logistic
from headstart.head.logistic import fit_logistic
from headstart.head.training_rows import prepare_rows

TIGHT = {"tolerance": 1e-8, "max_iterations": 5000}


def fit(X, y, *, n_classes, strength, sample_weight=None, class_weight=None, **options):
    prepared = prepare_rows(X, y, n_classes=n_classes, sample_weight=sample_weight, class_weight=class_weight)
    return fit_logistic(prepared, strength=strength, **options)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("strength", [1e-4, 1e-2, 1.0])
@pytest.mark.parametrize("n", [60, 250])
def test_it_converges_in_float32(make_features, n_classes, strength, n):
    X, y = make_features(n, 200, n_classes)
    result = fit(X, y, n_classes=n_classes, strength=strength)
    assert result.is_converged
    assert result.gradient_norm <= 1e-5
    exact = fit(X.astype(np.float64), y, n_classes=n_classes, strength=strength, **TIGHT)
    np.testing.assert_allclose(result.head.probabilities(X), exact.head.probabilities(X), atol=2e-3)


@settings(max_examples=100, deadline=None)
@given(
    n=st.integers(2, 40), n_features=st.integers(1, 30), n_classes=st.integers(2, 4), seed=st.integers(0, 99),
    exponent=st.integers(-6, 1), scale=st.sampled_from([1e-6, 1.0, 1e4]), kind=st.sampled_from(["float32", "float64"]),
)  # fmt: skip
def test_it_converges_on_random_problems(n, n_features, n_classes, seed, exponent, scale, kind):
    random = np.random.default_rng(seed)
    y = np.arange(max(n, n_classes)) % n_classes
    X = (scale * np.maximum(random.normal(size=(len(y), n_features)), 0)).round(6)
    X[:, random.random(n_features) < 0.2] = 3.0
    result = fit(X.astype(kind), y, n_classes=n_classes, strength=10.0**exponent)
    assert result.is_converged
    assert np.isfinite(result.head.scores(X)).all()
    assert result.history[-1].loss <= np.log(n_classes) + 1e-3


@pytest.mark.parametrize("n_classes", [2, 3])
def test_separable_classes_converge_and_are_separated(n_classes):
    y = np.arange(30) % n_classes
    X = np.eye(n_classes)[y] + 0.01 * np.random.default_rng(0).normal(size=(30, n_classes))
    result = fit(X, y, n_classes=n_classes, strength=1e6)
    assert result.is_converged
    assert result.history[-1].accuracy == 1
    assert result.head.probabilities(X)[np.arange(30), y].min() > 0.999


@pytest.mark.parametrize("n_classes", [2, 4])
def test_the_order_of_rows_does_not_matter(make_features, n_classes):
    X, y = make_features(80, 20, n_classes)
    X, weight = X.astype(np.float64), np.random.default_rng(0).uniform(0, 2, 80)
    order = np.random.default_rng(1).permutation(80)
    one = fit(X, y, n_classes=n_classes, strength=0.1, sample_weight=weight, **TIGHT)
    other = fit(
        X[order], y[order], n_classes=n_classes, strength=0.1, sample_weight=weight[order], **TIGHT
    )  # fmt: skip
    np.testing.assert_allclose(one.head.weights, other.head.weights, atol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_a_weight_counts_as_a_number_of_rows(make_features, n_classes):
    X, y = make_features(80, 20, n_classes)
    X, counts = X.astype(np.float64), np.random.default_rng(0).integers(0, 4, 80)
    weighted = fit(X, y, n_classes=n_classes, strength=0.1, sample_weight=counts, **TIGHT)
    repeated = fit(np.repeat(X, counts, axis=0), np.repeat(y, counts), n_classes=n_classes, strength=0.1, **TIGHT)
    np.testing.assert_allclose(weighted.head.weights, repeated.head.weights, atol=1e-5)
    np.testing.assert_allclose(weighted.head.bias, repeated.head.bias, atol=1e-4)


def test_a_class_weight_is_the_weight_of_its_rows(make_features):
    X, y = make_features(80, 20, 3)
    class_weight = np.array([1.0, 3.0, 0.5])
    by_class = fit(X, y, n_classes=3, strength=0.1, class_weight=class_weight)
    by_row = fit(X, y, n_classes=3, strength=0.1, sample_weight=class_weight[y])
    np.testing.assert_array_equal(by_class.head.weights, by_row.head.weights)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_scale_of_a_feature_does_not_matter(make_features, n_classes):
    X, y = make_features(80, 6, n_classes)
    X, scale = X.astype(np.float64), 10.0 ** np.arange(-3, 3)
    one = fit(X, y, n_classes=n_classes, strength=0.1, **TIGHT)
    other = fit(X * scale + 5, y, n_classes=n_classes, strength=0.1, **TIGHT)
    np.testing.assert_allclose(one.head.weights, other.head.weights * scale[:, None], atol=1e-5)


def test_weaker_regularisation_fits_closer(make_features):
    X, y = make_features(200, 50, 3)
    losses = [fit(X, y, n_classes=3, strength=c).history[-1].loss for c in (1e-4, 1e-2, 1, 100)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] / 5


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_history_ends_with_the_accuracy_and_loss_of_the_head(make_features, n_classes):
    X, y = make_features(150, 40, n_classes)
    train, validation = (X[:100], y[:100]), (X[100:], y[100:])
    weight = np.random.default_rng(0).uniform(0, 2, 100)
    result = fit(*train, n_classes=n_classes, strength=0.1, sample_weight=weight, validation=validation)
    for data, (rows, labels) in (("Training", train), ("Validation", validation)):
        curve = [epoch for epoch in result.history if epoch.data == data]
        assert [epoch.epoch for epoch in curve] == list(range(1, result.n_iterations + 1))
        probabilities = result.head.probabilities(rows)
        assert curve[-1].accuracy == (probabilities.argmax(axis=1) == labels).mean()
        loss = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
        np.testing.assert_allclose(curve[-1].loss, loss, rtol=1e-3)
    assert result.head.weights.shape == (40, n_classes)
    assert result.head.weights.dtype == result.head.bias.dtype == np.float32


def test_validation_rows_do_not_change_the_head(make_features):
    X, y = make_features(100, 20, 2)
    alone = fit(X, y, n_classes=2, strength=0.1)
    watched = fit(X, y, n_classes=2, strength=0.1, validation=(X[:30], y[:30]))
    np.testing.assert_array_equal(alone.head.weights, watched.head.weights)


def test_constant_features_give_the_shares_of_the_classes():
    X, y = np.full((40, 3), 2.5, np.float32), np.repeat([0, 1], [10, 30])
    result = fit(X, y, n_classes=2, strength=1.0)
    assert result.is_converged
    np.testing.assert_allclose(result.head.probabilities(X), [[0.25, 0.75]] * 40, atol=1e-3)
    even = fit(X, np.repeat([0, 1], 20), n_classes=2, strength=1.0)
    assert even.is_converged
    assert [(epoch.data, epoch.accuracy) for epoch in even.history] == [("Training", 0.5)]


def test_the_way_to_the_minimum_is_shown(make_features):
    X, y = make_features(60, 20, 3)
    calls: list[tuple[int, int]] = []
    fit(X, y, n_classes=3, strength=1.0, progress=lambda *at: calls.append(at))
    assert calls[-1] == (100, 100)
    assert all(0 <= done <= 100 == total for done, total in calls)


def test_large_heads_stop_earlier(make_features, monkeypatch):
    X, y = make_features(250, 200, 3)
    exact = fit(X, y, n_classes=3, strength=1.0)
    monkeypatch.setattr(logistic, "LARGE", 3 * 201 - 1)
    large = fit(X, y, n_classes=3, strength=1.0)
    assert 1e-5 < large.gradient_norm <= 1e-4
    assert large.is_converged
    assert large.n_iterations < exact.n_iterations
    np.testing.assert_allclose(large.head.probabilities(X), exact.head.probabilities(X), atol=2e-2)


def test_a_stop_before_the_minimum_is_reported(make_features):
    X, y = make_features(100, 20, 3)
    result = fit(X, y, n_classes=3, strength=1.0, max_iterations=2)
    assert (result.n_iterations, result.is_converged) == (2, False)
    assert result.gradient_norm > 1e-5


@pytest.mark.parametrize("strength", [0, -1.0, np.inf, np.nan])
def test_a_strength_of_0_or_less_is_refused(make_features, strength):
    with pytest.raises(FitError, match=f"Cannot fit a head: got strength {strength}, need more than 0"):
        fit(*make_features(20, 5, 2), n_classes=2, strength=strength)


def test_wrong_rows_are_refused(make_features):
    X, y = make_features(20, 5, 2)
    with pytest.raises(FitError, match="got no rows of class 2, need rows of all 3 classes"):
        fit(X, y, n_classes=3, strength=1.0)
    with pytest.raises(FitError, match="Cannot use validation rows: got 4 features, need 5"):
        fit(X, y, n_classes=2, strength=1.0, validation=(X[:, :4], y))
