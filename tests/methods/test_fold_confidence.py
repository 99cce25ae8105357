"""The confidence of a head of training photos alone is set by heads that were fitted without each fold."""

import numpy as np
import pytest

from headstart.head.temperature import compute_log_losses
from headstart.methods import fold_confidence
from headstart.methods.fold_confidence import set_confidence_by_folds
from headstart.methods.head_fitting import fit_head

GENERATOR = np.random.default_rng(0)
Y = np.arange(200) % 2
X = (GENERATOR.normal(size=(200, 40)) + 0.6 * np.eye(2, 40)[Y]).astype(np.float32)


def test_a_head_that_is_too_sure_becomes_less_sure_and_names_the_same_classes():
    fitted = fit_head(X[None], Y, 2, strength=10.0)
    set_ = set_confidence_by_folds(X, Y, fitted, seed=0)
    assert set_.factor < 0.5
    np.testing.assert_allclose(set_.head.scores(X), set_.factor * fitted.head.scores(X), rtol=1e-4, atol=1e-5)
    assert list(set_.at) == list(range(200))
    before = compute_log_losses(set_.scores / set_.factor, Y).mean()
    assert compute_log_losses(set_.scores, Y).mean() < 0.8 * before


def test_heads_that_chose_the_strength_are_used_and_none_is_fitted_anew(monkeypatch):
    monkeypatch.setattr(fold_confidence, "predict_held_out", None)
    fitted = fit_head(X[None], Y, 2)
    set_ = set_confidence_by_folds(X, Y, fitted, seed=0)
    np.testing.assert_allclose(set_.scores, fitted.choice.held_out.scores * set_.factor, rtol=1e-6)


def test_photos_of_one_group_are_scored_by_heads_without_it():
    groups = [str(n // 50) for n in range(200)]
    y = np.arange(200) // 50 % 2  # each group has one class
    fitted = fit_head(X[None], y, 2, strength=1.0, groups=groups)
    set_ = set_confidence_by_folds(X, y, fitted, seed=0, groups=groups)
    alone = set_confidence_by_folds(X, y, fitted, seed=0)
    assert set_.factor < alone.factor


@pytest.mark.parametrize("limit", ["MAX_SCORES", "one photo a class"])
def test_without_scored_photos_the_head_is_unchanged(monkeypatch, limit):
    if limit == "MAX_SCORES":
        monkeypatch.setattr(fold_confidence, "MAX_SCORES", 1)
        n = 200
    else:
        n = 2
    fitted = fit_head(X[None, :n], Y[:n], 2, strength=1.0)
    set_ = set_confidence_by_folds(X[:n], Y[:n], fitted, seed=0)
    assert set_.head is fitted.head
    assert (set_.factor, len(set_.at), set_.scores.shape) == (1.0, 0, (0, 2))
