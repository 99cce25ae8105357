"""Adam takes the steps of Keras, and the history has its curves."""

import numpy as np
import pytest

from headstart.errors import FitError
from headstart.head.adam import _drop_features, _Layer, fit_adam


def step_by_hand(values, X, y, weight, n_steps, rate=1e-2):
    """Adam as Keras has it, in float64, on the full batch, by finite differences of the loss."""
    values = values.astype(np.float64)
    mean, square = np.zeros_like(values), np.zeros_like(values)

    def measure_loss(values):
        logits = X @ values[:-1] + values[-1]
        if logits.shape[1] == 1:
            logits = np.hstack([0 * logits, logits])
        return (weight * (np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(y)), y])).mean()

    for step in range(1, n_steps + 1):
        gradient = np.zeros_like(values)
        for place in np.ndindex(values.shape):
            nudge = np.zeros_like(values)
            nudge[place] = 1e-5
            gradient[place] = (measure_loss(values + nudge) - measure_loss(values - nudge)) / 2e-5
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        values = values - rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-7)
    return values


@pytest.mark.parametrize("n_classes", [2, 3])
def test_steps_equal_those_of_adam_by_hand(n_classes):
    random = np.random.default_rng(0)
    X, y = random.normal(size=(12, 4)).astype(np.float32), np.arange(12) % n_classes
    weight = random.uniform(0, 2, 12)
    layer = _Layer(4, n_classes, 1e-2, random)
    expected = step_by_hand(layer._values, X, y, weight, 5)
    for _ in range(5):
        layer.learn(X, y, weight)
    np.testing.assert_allclose(layer._values, expected, atol=1e-4)


@pytest.mark.parametrize(("n_classes", "n_logits"), [(2, 1), (3, 3)])
def test_initial_weights_are_glorot_uniform(n_classes, n_logits):
    values = _Layer(1280, n_classes, 1e-4, np.random.default_rng(0))._values
    assert values.shape == (1281, n_logits)
    limit = np.sqrt(6 / (1280 + n_logits))
    assert 0.97 * limit < np.abs(values[:-1]).max() <= limit
    np.testing.assert_array_equal(values[-1], 0)


def test_dropout_keeps_the_mean():
    X = np.full((200, 100), 3, np.float32)
    dropped = _drop_features(X, 0.2, np.random.default_rng(0))
    np.testing.assert_allclose(np.unique(dropped), [0, 3.75])
    assert (dropped == 0).mean() == pytest.approx(0.2, abs=0.02)
    assert dropped.mean() == pytest.approx(3, abs=0.05)
    assert dropped.dtype == np.float32


@pytest.mark.parametrize("n_classes", [2, 3])
def test_ten_epochs_learn_and_the_last_validation_point_is_that_of_the_head(make_features, n_classes):
    X, y = make_features(1200, 300, n_classes, spread=1.0)
    train, validation_rows = (X[:1000], y[:1000]), (X[1000:], y[1000:])
    fit = fit_adam(*train, n_classes=n_classes, seed=0, learning_rate=1e-3, validation=validation_rows)
    training, validation = ([e for e in fit.history if e.data == data] for data in ("Training", "Validation"))
    assert [epoch.epoch for epoch in training] == [epoch.epoch for epoch in validation] == list(range(1, 11))
    assert validation[-1].loss < 0.7 * validation[0].loss
    assert training[-1].loss < 0.7 * training[0].loss
    assert validation[-1].accuracy > 0.9
    probabilities = fit.head.probabilities(validation_rows[0])
    assert validation[-1].accuracy == (probabilities.argmax(axis=1) == validation_rows[1]).mean()
    expected = -np.log(probabilities[np.arange(200), validation_rows[1]]).mean()
    assert validation[-1].loss == pytest.approx(expected, rel=1e-3)


def test_the_head_depends_on_the_seed_and_not_on_validation_rows(make_features):
    X, y = make_features(100, 30, 2)
    first, again, other = (fit_adam(X, y, n_classes=2, seed=seed, epochs=2) for seed in (1, 1, 2))
    watched = fit_adam(X, y, n_classes=2, seed=1, epochs=2, validation=(X, y))
    np.testing.assert_array_equal(first.head.weights, again.head.weights)
    np.testing.assert_array_equal(first.head.weights, watched.head.weights)
    assert (first.head.weights != other.head.weights).any()


def test_each_epoch_is_fitted_to_the_next_view(make_features):
    X, y = make_features(64, 10, 2)
    views = np.stack([X, np.zeros_like(X), np.zeros_like(X)])
    options = {"n_classes": 2, "seed": 0, "learning_rate": 0.1, "dropout": 0.0}
    one, three, four = (fit_adam(views, y, epochs=epochs, **options).history for epochs in (1, 3, 4))
    assert one == fit_adam(X, y, epochs=1, **options).history
    # if all features are 0, only the bias counts: the same prediction for all rows
    assert {epoch.accuracy for epoch in three[1:]} <= {(y == 0).mean(), (y == 1).mean()}
    assert four[3].accuracy > max(epoch.accuracy for epoch in three[1:])


def test_weights_multiply_the_loss(make_features):
    X, y = make_features(200, 20, 2)
    options = {"n_classes": 2, "seed": 0, "learning_rate": 1e-2}
    plain = fit_adam(X, y, **options).head.probabilities(X)[:, 1].mean()
    towards_1 = fit_adam(X, y, class_weight=np.array([1.0, 20.0]), **options).head.probabilities(X)[:, 1].mean()
    weight = np.where(y == 1, 20.0, 1.0)
    by_row = fit_adam(X, y, sample_weight=weight, **options).head.probabilities(X)[:, 1].mean()
    assert towards_1 > plain + 0.1
    assert by_row == pytest.approx(towards_1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "got epochs 0, need at least 1"),
        ({"learning_rate": 0}, "got learning_rate 0, need more than 0"),
        ({"batch_size": 0, "dropout": 1.0}, "got batch_size 0, need at least 1; got dropout 1.0, need 0 or more"),
        ({"n_classes": 3}, "got no rows of class 2"),
        ({"X_views": np.zeros((0, 20, 5))}, "got 0 views, need at least 1"),
        ({"X_views": np.zeros((2, 19, 5))}, r"got features \(19, 5\)"),
        ({"validation": (np.zeros((3, 4)), np.zeros(3, int))}, "got 4 features, need 5"),
    ],
)
def test_wrong_rows_and_settings_are_refused(make_features, options, message):
    X, y = make_features(20, 5, 2)
    with pytest.raises(FitError, match=message):
        fit_adam(**{"X_views": X, "y": y, "n_classes": 2, "seed": 0, **options})
