"""Temperature scaling finds the factor that calibrates scores."""

import numpy as np
import pytest

from headstart.head import temperature
from headstart.head.temperature import choose_careful_factor, choose_factor, compute_log_losses

generator = np.random.default_rng(0)
SCORES = generator.normal(size=(4000, 3)).astype(np.float32)
CHANCES = np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)
Y = (CHANCES.cumsum(1) < generator.random((4000, 1))).sum(1)  # drawn with the probabilities that the scores state


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_the_factor_undoes_a_scaling_of_calibrated_scores(factor):
    found = choose_factor(SCORES / factor, Y)
    assert found == pytest.approx(factor, rel=0.1)
    before, after = compute_log_losses(SCORES, Y).mean(), compute_log_losses(found * SCORES / factor, Y).mean()
    assert after == pytest.approx(before, abs=1e-3)


def test_a_few_right_photos_do_not_give_a_large_factor():
    scores = np.tile(np.array([[3.0, 0.0]], np.float32), (12, 1))
    assert choose_factor(scores, np.zeros(12, np.int64)) < 2
    assert choose_factor(np.tile(scores, (100, 1)), np.zeros(1200, np.int64)) > 2.5


def test_large_scores_do_not_overflow():
    assert compute_log_losses(np.array([[1e6, 0.0], [1e6, 0.0]]), np.array([0, 1])).tolist() == [0, 1e6]


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_many_photos_outweigh_the_care(factor):
    assert choose_careful_factor(SCORES / factor, Y) == pytest.approx(factor, rel=0.1)


def test_photos_that_are_all_right_do_not_make_a_classifier_surer():
    scores = np.tile(np.array([[6.0, 0.0], [7.0, 0.0]], np.float32), (30, 1))
    assert choose_careful_factor(scores, np.zeros(60, np.int64)) <= 1


def test_the_factor_of_many_scores_comes_from_some_rows(monkeypatch):
    monkeypatch.setattr(temperature, "MAX_SCORES", 6000)
    assert choose_careful_factor(SCORES / 2, Y) == pytest.approx(2, rel=0.15)
