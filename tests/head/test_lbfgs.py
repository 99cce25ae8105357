"""The batched solver finds the minimum of every problem, however they are bundled."""

import numpy as np
import pytest

from headstart.head import lbfgs
from headstart.head.lbfgs import N_REMEMBERED, Memory, _Point, minimise, shorten_step
from headstart.head.objective import Objective

LIMITS = {"tolerance": 1e-7, "max_iterations": 500}


def make_objective(n_classes: int, columns: list[int]) -> Objective:
    random = np.random.default_rng(0)
    X = np.hstack([random.normal(size=(60, 8)), np.ones((60, 1))])
    y = (X[:, 0] + random.normal(size=60) > 0) * 1 if n_classes == 2 else np.arange(60) % n_classes
    return Objective(X, y, random.uniform(0, 1, (60, 4))[:, columns], n_classes)


def measure_objective(objective: Objective, coefficients: np.ndarray, strength: float) -> np.ndarray:
    loss, _ = objective.evaluate(objective.score(coefficients))
    return loss + (coefficients**2 @ objective.is_ridged) / (2 * strength * objective.total)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("strength", [1e-3, 1.0, 1e4])
def test_no_step_away_from_the_minimum_is_better(n_classes, strength):
    objective = make_objective(n_classes, [0, 1, 2, 3])
    found = minimise(objective, strength, objective.make_start(), Memory(), **LIMITS)
    assert (found.gradient_norm <= LIMITS["tolerance"]).all()
    least = measure_objective(objective, found.coefficients, strength)
    random = np.random.default_rng(1)
    for size in (1e-3, 1e-1, 1):
        away = found.coefficients + size * random.normal(size=found.coefficients.shape)
        assert (measure_objective(objective, away, strength) > least - 1e-12).all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_problems_solved_together_are_those_solved_alone(n_classes):
    together = make_objective(n_classes, [0, 1, 2, 3])
    both = minimise(together, 0.5, together.make_start(), Memory(), **LIMITS).coefficients
    for column in range(4):
        alone = make_objective(n_classes, [column])
        one = minimise(alone, 0.5, alone.make_start(), Memory(), **LIMITS).coefficients
        np.testing.assert_allclose(one[0], both[column], atol=1e-5)


def test_a_warm_start_saves_iterations_and_changes_no_answer():
    objective, memory = make_objective(2, [0, 1]), Memory()
    before = minimise(objective, 0.5, objective.make_start(), memory, **LIMITS)
    warm = minimise(objective, 1.0, before.coefficients, memory, **LIMITS)
    cold = minimise(objective, 1.0, objective.make_start(), Memory(), **LIMITS)
    np.testing.assert_allclose(warm.coefficients, cold.coefficients, atol=1e-5)
    assert warm.n_iterations < cold.n_iterations


def test_scores_and_coefficients_belong_together():
    objective = make_objective(3, [0, 1])
    found = minimise(objective, 1.0, objective.make_start(), Memory(), **LIMITS)
    np.testing.assert_allclose(found.scores, objective.score(found.coefficients), atol=1e-9)


def test_a_solved_problem_rests_while_others_move():
    objective = make_objective(2, [0, 1])
    start = objective.make_start()
    start[0] = minimise(objective, 1.0, start, Memory(), **LIMITS).coefficients[0]
    found = minimise(objective, 1.0, start, Memory(), **LIMITS)
    np.testing.assert_array_equal(found.coefficients[0], start[0])
    assert (found.coefficients[1] != start[1]).any()


def test_the_watcher_sees_every_step():
    objective, steps = make_objective(2, [0]), []
    found = minimise(
        objective, 1.0, objective.make_start(), Memory(), watch=lambda scores, step: steps.append(step), **LIMITS
    )
    assert len(steps) == found.n_iterations
    np.testing.assert_allclose(sum(steps), found.coefficients, atol=1e-12)


def test_the_loss_falls_at_every_step():
    objective, losses = make_objective(3, [0]), []
    minimise(
        objective, 1e4, objective.make_start(), Memory(),
        watch=lambda scores, step: losses.append(objective.evaluate(scores)[0][0]), **LIMITS,
    )  # fmt: skip
    assert (np.diff(losses[: len(losses) // 2]) < 0).all()


def test_iterations_are_limited_and_memory_is_too():
    objective, memory = make_objective(3, [0]), Memory()
    found = minimise(objective, 1e4, objective.make_start(), memory, tolerance=0, max_iterations=25)
    assert found.n_iterations == 25
    assert len(memory.pairs) == N_REMEMBERED


def test_large_pairs_are_remembered_half_as_long(monkeypatch):
    monkeypatch.setattr(lbfgs, "LARGE", 1)
    objective, memory = make_objective(3, [0]), Memory()
    minimise(objective, 1e4, objective.make_start(), memory, tolerance=0, max_iterations=25)
    assert len(memory.pairs) == lbfgs.N_REMEMBERED_LARGE


def test_the_limit_of_rounding_ends_the_search():
    objective = make_objective(2, [0])
    found = minimise(objective, 1.0, objective.make_start(), Memory(), tolerance=0, max_iterations=5000)
    assert found.n_iterations < 5000
    assert found.gradient_norm[0] < 1e-10


def test_a_step_that_ends_higher_is_cut_however_gentle_the_slope_there():
    # a light row far out turns the slope from -2.5 to 1 at once, and a heavy one keeps it there
    X, weight = np.array([[1e4, 1.0], [1.0, 1.0]]), np.array([[7e-4], [1 - 7e-4]])
    objective = Objective(X, np.array([1, 0]), weight, 2)
    point = _Point(objective, 1e9, np.array([[-50 / 1e4, 50.0]]))
    before, _ = objective.evaluate(point.scores)
    step, has_moved = point.advance(np.array([[1.0, 0.0]]), is_scaled=True)
    after, _ = objective.evaluate(point.scores)
    assert has_moved.all()
    assert 0 < step[0, 0] < 1
    assert after < before + 1e-4


def test_with_the_true_hessian_to_begin_with_the_first_direction_is_newtons():
    hessian = np.diag([1.0, 100.0, 0.01])
    gradient, memory = np.array([[1.0, -2.0, 3.0]]), Memory()
    newton = -gradient @ np.linalg.inv(hessian)
    np.testing.assert_allclose(
        memory.turn_downhill(gradient, np.zeros(3), lambda g: g @ np.linalg.inv(hessian)), newton
    )
    # and with one that is too small by a factor of 4, the first step tells
    step = np.array([[0.5, 0.5, 0.5]])
    memory.remember(step, step @ hessian)
    told = memory.turn_downhill(gradient, np.zeros(3), lambda g: 4 * g @ np.linalg.inv(hessian))
    np.testing.assert_allclose(told, newton)


@pytest.mark.parametrize(
    ("new_slope", "rise", "factor"),
    [(-0.5, -1.0, 1), (0.4, -1.0, 1), (0.6, -1.0, 1 / 1.6), (99.0, -1.0, 0.1), (-0.5, 0.1, 0.5), (-0.5, 1e-8, 1)],
)
def test_a_step_is_shortened_where_it_is_too_long(new_slope, rise, factor):
    shortened = shorten_step(np.array([-1.0]), np.array([new_slope]), np.array([rise]), np.array([0.7]))
    np.testing.assert_allclose(shortened, np.clip(factor, 0.1, 0.5) if factor < 1 else 1)
