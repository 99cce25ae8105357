"""Class weights, regularisation strength and solver of a head."""

import numpy as np
import pytest

from headstart.errors import FitError
from headstart.methods import head_fitting
from headstart.methods.head_fitting import fit_head, weigh_classes

GENERATOR = np.random.default_rng(0)
Y = np.repeat([0, 1], [68, 22])
X = (GENERATOR.normal(size=(90, 16)) + Y[:, None] * 1.5).astype(np.float32)


def test_only_skewed_classes_are_balanced():
    weights = weigh_classes(Y, 2)
    np.testing.assert_allclose(weights, [90 / 136, 90 / 44])
    assert weigh_classes(np.repeat([0, 1], 30), 2) is None
    assert weigh_classes(Y, 2, "none") is None
    np.testing.assert_array_equal(weigh_classes(np.repeat([0, 1], 30), 2, "balanced"), [1, 1])
    with pytest.raises(FitError, match="auto, balanced, none"):
        weigh_classes(Y, 2, "heavy")


def test_a_strength_is_chosen_only_if_none_is_given():
    chosen = fit_head(X[None], Y, 2)
    assert chosen.choice is not None
    assert chosen.strength == chosen.choice.strength
    taken = fit_head(X[None], Y, 2, strength=0.5)
    assert taken.choice is None
    assert taken.strength == 0.5
    assert (taken.head.scores(X).argmax(1) == Y).mean() > 0.9


def test_equal_views_change_nothing():
    once = fit_head(X[None], Y, 2, strength=0.1)
    thrice = fit_head(np.stack([X] * 3), Y, 2, strength=0.1)
    np.testing.assert_allclose(once.head.weights, thrice.head.weights, atol=1e-3)


def test_adam_is_fitted_to_views_and_has_no_strength():
    fitted = fit_head(np.stack([X, X]), Y, 2, kind="adam", epochs=4, validation=(X, Y))
    assert fitted.strength is None
    assert [row.epoch for row in fitted.history if row.data == "Validation"] == [1, 2, 3, 4]


def test_sample_weights_move_the_probabilities():
    heavy = np.where(Y == 1, 50.0, 1.0)
    plain, weighted = (
        fit_head(X[None], Y, 2, strength=0.001, class_weight="none", sample_weight=w) for w in (None, heavy)
    )
    assert weighted.head.probabilities(X)[:, 1].mean() > plain.head.probabilities(X)[:, 1].mean() + 0.1


def test_an_unknown_kind_is_refused():
    with pytest.raises(FitError, match=r"logistic, logistic\+ridge, adam"):
        fit_head(X[None], Y, 2, kind="forest")


@pytest.mark.parametrize("n_views", [1, 2])
def test_features_too_large_for_memory_give_the_same_head(monkeypatch, n_views):
    views = np.stack([X + number for number in range(n_views)])
    options = {"sample_weight": np.linspace(0.5, 2, len(Y)), "groups": [str(n // 2) for n in range(len(Y))]}
    options |= {"validation": (X[:30], Y[:30])}
    plain = fit_head(views, Y, 2, **options)
    monkeypatch.setattr(head_fitting, "STREAMED_BYTES", 0)
    monkeypatch.setattr(head_fitting, "prepare_views", None)
    streamed = fit_head(views, Y, 2, **options)
    assert streamed.choice == plain.choice
    assert streamed.is_converged
    np.testing.assert_allclose(streamed.head.weights, plain.head.weights, atol=1e-3)
    np.testing.assert_array_equal(streamed.class_weight, plain.class_weight)
    assert {epoch.data for epoch in streamed.history} == {"Training", "Validation"}
