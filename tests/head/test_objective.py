"""The gradient of the objective is that of its loss, for each problem."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.head import parallel_rows
from headstart.head.linear import softmax
from headstart.head.objective import Objective, PointInMemory, evaluate_scores


def make_objective(n_classes: int, n_problems: int = 3, dtype: str = "float64") -> Objective:
    random = np.random.default_rng(0)
    X = np.hstack([random.normal(size=(20, 4)), np.ones((20, 1))]).astype(dtype)
    weight = random.uniform(0, 2, (20, n_problems)) * (random.random((20, n_problems)) > 0.2)
    return Objective(X, np.arange(20) % n_classes, weight, n_classes)


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_the_gradient_agrees_with_finite_differences(n_classes):
    objective = make_objective(n_classes)
    start = np.random.default_rng(1).normal(size=objective.make_start().shape)
    gradient = objective.sum_gradient(objective.evaluate(objective.score(start))[1])
    for j in range(start.shape[1]):
        nudge = np.zeros_like(start)
        nudge[:, j] = 1e-5
        ahead, behind = (objective.evaluate(objective.score(start + sign * nudge))[0] for sign in (1, -1))
        np.testing.assert_allclose(gradient[:, j], (ahead - behind) / 2e-5, atol=1e-8)


@pytest.mark.parametrize("n_classes", [2, 5])
def test_the_loss_is_the_weighted_mean_of_log_losses(n_classes):
    random = np.random.default_rng(0)
    X, y, weight = np.hstack([random.normal(size=(9, 2)), np.ones((9, 1))]), np.arange(9) % n_classes, np.arange(9.0)
    objective = Objective(X, y, weight[:, None], n_classes)
    scores = objective.score(random.normal(size=objective.make_start().shape))
    logits = scores[:, 0] if n_classes > 2 else np.hstack([np.zeros((9, 1)), scores[:, 0]])
    expected = np.average(-np.log(softmax(logits)[np.arange(9), y]), weights=weight)
    np.testing.assert_allclose(objective.evaluate(scores)[0], [expected])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_problem_does_not_depend_on_the_others(n_classes):
    objective = make_objective(n_classes)
    start = np.random.default_rng(1).normal(size=objective.make_start().shape)
    changed = start.copy()
    changed[1, 0] += 1
    (loss, score_gradient), (other_loss, other_score_gradient) = (
        objective.evaluate(objective.score(c)) for c in (start, changed)
    )
    np.testing.assert_allclose(loss[[0, 2]], other_loss[[0, 2]])
    np.testing.assert_allclose(score_gradient[:, [0, 2]], other_score_gradient[:, [0, 2]])
    assert loss[1] != other_loss[1]


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("size", [1e3, 1e8])
def test_large_scores_do_not_overflow(n_classes, size):
    objective = make_objective(n_classes, dtype="float32")
    shape = (20, 3, objective.n_columns)
    scores = (size * np.random.default_rng(2).choice([-1, 1], shape)).astype(np.float32)
    loss, score_gradient = objective.evaluate(scores)
    assert np.isfinite(loss).all()
    assert np.isfinite(score_gradient).all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_products_of_blocks_equal_those_of_all_rows(n_classes, monkeypatch):
    objective = make_objective(n_classes)
    start = np.random.default_rng(1).normal(size=objective.make_start().shape)
    scores = objective.score(start)
    gradient = objective.sum_gradient(scores)
    monkeypatch.setattr(parallel_rows, "BLOCK_ROWS", 8)  # 20 rows: 8, 8 and 4
    np.testing.assert_allclose(objective.score(start), scores)
    np.testing.assert_allclose(objective.sum_gradient(scores), gradient)


def test_a_constant_added_to_all_score_gradients_changes_no_gradient():
    objective = make_objective(3)
    _, score_gradient = objective.evaluate(objective.score(np.random.default_rng(1).normal(size=(3, 15))))
    np.testing.assert_allclose(
        objective.sum_gradient(score_gradient + 0.1), objective.sum_gradient(score_gradient), atol=1e-12
    )


@pytest.mark.parametrize("n_classes", [2, 4])
def test_the_curvature_stays_below_its_bound(n_classes):
    objective = make_objective(n_classes)
    random = np.random.default_rng(3)
    for _ in range(20):
        scores, score_change = random.normal(size=(2, 20, 3, objective.n_columns))
        slopes = [
            np.einsum("npk,npk->p", objective.evaluate(scores + t * score_change)[1], score_change)
            for t in (-1e-4, 1e-4)
        ]
        assert ((slopes[1] - slopes[0]) / 2e-4 <= objective.bound_curvature(score_change) + 1e-6).all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-30, 30, allow_subnormal=False), min_size=1, max_size=9), st.integers(0, 1))
def test_one_column_has_the_losses_of_two(log_odds, label):
    one = np.array(log_odds)[:, None]
    y = np.full(len(one), label)
    losses, is_right = evaluate_scores(one, y)
    expected_losses, expected_right = evaluate_scores(np.hstack([-one / 2, one / 2]), y)
    np.testing.assert_allclose(losses, expected_losses, atol=1e-9)
    np.testing.assert_array_equal(is_right, expected_right)


def test_a_step_that_ends_higher_is_shortened_even_if_the_slope_there_is_gentle():
    # a light row far out turns the slope from -2.5 to 1 at once, and a heavy one keeps it there
    X, weight = np.array([[1e4, 1.0], [1.0, 1.0]]), np.array([[7e-4], [1 - 7e-4]])
    objective = Objective(X, np.array([1, 0]), weight, 2)
    point = PointInMemory(objective, 1e9, np.array([[-50 / 1e4, 50.0]]))
    before, _ = objective.evaluate(point.scores)
    step, has_moved = point.advance(np.array([[1.0, 0.0]]), is_scaled=True)
    after, _ = objective.evaluate(point.scores)
    assert has_moved.all()
    assert 0 < step[0, 0] < 1
    assert after < before + 1e-4
