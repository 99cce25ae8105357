"""L-BFGS finds the minimum of every problem, alone or side by side with others."""

import numpy as np
import pytest

from headstart.head import lbfgs
from headstart.head.lbfgs import N_REMEMBERED, Memory, minimise, shorten_step
from headstart.head.objective import Objective, PointInMemory

LIMITS = {"tolerance": 1e-7, "max_iterations": 500}


def make_objective(n_classes: int, columns: list[int]) -> Objective:
    random = np.random.default_rng(0)
    X = np.hstack([random.normal(size=(60, 8)), np.ones((60, 1))])
    y = (X[:, 0] + random.normal(size=60) > 0) * 1 if n_classes == 2 else np.arange(60) % n_classes
    return Objective(X, y, random.uniform(0, 1, (60, 4))[:, columns], n_classes)


def solve(objective, strength, *, start=None, memory=None, **options) -> tuple[PointInMemory, int]:
    """Return the minimum and the number of iterations."""
    point = PointInMemory(objective, strength, objective.make_start() if start is None else start)
    return point, minimise(point, Memory() if memory is None else memory, **{**LIMITS, **options})


def measure_objective(objective: Objective, coefficients: np.ndarray, strength: float) -> np.ndarray:
    loss, _ = objective.evaluate(objective.score(coefficients))
    return loss + (coefficients**2 @ objective.is_ridged) / (2 * strength * objective.total)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("strength", [1e-3, 1.0, 1e4])
def test_no_step_away_from_the_minimum_lowers_the_objective(n_classes, strength):
    objective = make_objective(n_classes, [0, 1, 2, 3])
    minimum, _ = solve(objective, strength)
    assert (minimum.gradient_norm <= LIMITS["tolerance"]).all()
    least = measure_objective(objective, minimum.coefficients, strength)
    random = np.random.default_rng(1)
    for size in (1e-3, 1e-1, 1):
        away = minimum.coefficients + size * random.normal(size=minimum.coefficients.shape)
        assert (measure_objective(objective, away, strength) > least - 1e-12).all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_problems_solved_together_equal_those_solved_alone(n_classes):
    together, _ = solve(make_objective(n_classes, [0, 1, 2, 3]), 0.5)
    for column in range(4):
        alone, _ = solve(make_objective(n_classes, [column]), 0.5)
        np.testing.assert_allclose(alone.coefficients[0], together.coefficients[column], atol=1e-5)


def test_a_warm_start_saves_iterations_and_gives_the_same_minimum():
    objective, memory = make_objective(2, [0, 1]), Memory()
    before, _ = solve(objective, 0.5, memory=memory)
    warm, n_warm = solve(objective, 1.0, start=before.coefficients, memory=memory)
    cold, n_cold = solve(objective, 1.0)
    np.testing.assert_allclose(warm.coefficients, cold.coefficients, atol=1e-5)
    assert n_warm < n_cold


def test_the_scores_are_those_of_the_coefficients():
    objective = make_objective(3, [0, 1])
    minimum, _ = solve(objective, 1.0)
    np.testing.assert_allclose(minimum.scores, objective.score(minimum.coefficients), atol=1e-9)


def test_a_solved_problem_stays_while_others_move():
    objective = make_objective(2, [0, 1])
    start = objective.make_start()
    start[0] = solve(objective, 1.0)[0].coefficients[0]
    minimum, _ = solve(objective, 1.0, start=start)
    np.testing.assert_array_equal(minimum.coefficients[0], start[0])
    assert (minimum.coefficients[1] != start[1]).any()


def test_every_step_is_reported():
    steps = []
    minimum, n_iterations = solve(make_objective(2, [0]), 1.0, watch=steps.append)
    assert len(steps) == n_iterations
    np.testing.assert_allclose(sum(steps), minimum.coefficients, atol=1e-12)


def test_the_loss_falls_at_every_step():
    objective, losses = make_objective(3, [0]), []
    point = PointInMemory(objective, 1e4, objective.make_start())
    minimise(point, Memory(), watch=lambda _: losses.append(objective.evaluate(point.scores)[0][0]), **LIMITS)
    assert (np.diff(losses[: len(losses) // 2]) < 0).all()


def test_iterations_and_remembered_pairs_are_limited():
    memory = Memory()
    _, n_iterations = solve(make_objective(3, [0]), 1e4, memory=memory, tolerance=0, max_iterations=25)
    assert n_iterations == 25
    assert len(memory.pairs) == N_REMEMBERED


def test_fewer_large_pairs_are_remembered(monkeypatch):
    monkeypatch.setattr(lbfgs, "LARGE", 1)
    memory = Memory()
    solve(make_objective(3, [0]), 1e4, memory=memory, tolerance=0, max_iterations=25)
    assert len(memory.pairs) == lbfgs.N_REMEMBERED_LARGE


def test_the_search_ends_at_the_limit_of_rounding():
    minimum, n_iterations = solve(make_objective(2, [0]), 1.0, tolerance=0, max_iterations=5000)
    assert n_iterations < 5000
    assert minimum.gradient_norm[0] < 1e-10


def test_the_first_direction_with_the_true_hessian_is_newtons():
    hessian = np.diag([1.0, 100.0, 0.01])
    gradient, memory = np.array([[1.0, -2.0, 3.0]]), Memory()
    newton = -gradient @ np.linalg.inv(hessian)
    np.testing.assert_allclose(
        memory.find_direction(gradient, np.zeros(3), lambda g: g @ np.linalg.inv(hessian)), newton
    )
    # after one step, an initial Hessian that is too small by a factor of 4 is scaled up
    step = np.array([[0.5, 0.5, 0.5]])
    memory.remember(step, step @ hessian)
    scaled = memory.find_direction(gradient, np.zeros(3), lambda g: 4 * g @ np.linalg.inv(hessian))
    np.testing.assert_allclose(scaled, newton)


@pytest.mark.parametrize(
    ("new_slope", "increase", "factor"),
    [(-0.5, -1.0, 1), (0.4, -1.0, 1), (0.6, -1.0, 1 / 1.6), (99.0, -1.0, 0.1), (-0.5, 0.1, 0.5), (-0.5, 1e-8, 1)],
)
def test_a_step_is_shortened_if_it_is_too_long(new_slope, increase, factor):
    shortened = shorten_step(np.array([-1.0]), np.array([new_slope]), np.array([increase]), np.array([0.7]))
    np.testing.assert_allclose(shortened, np.clip(factor, 0.1, 0.5) if factor < 1 else 1)
