"""The inverse Hessian times the Hessian is the identity for two classes, and near it for more."""

import numpy as np
import pytest

from headstart.head import curvature
from headstart.head.curvature import CurvatureByClass, SharedCurvature, measure_curvature
from headstart.head.objective import Objective

N, D, RIDGE = 3000, 6, 1e-3


def make_problem(n_classes: int):
    random = np.random.default_rng(0)
    Z = np.hstack([random.normal(size=(N, D)), np.ones((N, 1))])
    weight = random.uniform(0.5, 2, N)
    objective = Objective(Z, random.integers(0, n_classes, N), weight[:, None], n_classes)
    coefficients = 0.5 * random.normal(size=objective.make_start().shape)
    return Z, weight / weight.sum(), objective, coefficients


def multiply_by_hessian(objective, coefficients, direction):
    ahead, behind = (
        objective.sum_gradient(objective.evaluate(objective.score(coefficients + t * direction))[1])
        for t in (1e-4, -1e-4)
    )
    return (ahead - behind) / 2e-4 + RIDGE * direction


def test_for_two_classes_the_inverse_is_exact():
    Z, share, objective, coefficients = make_problem(2)
    measured = measure_curvature(Z, objective.score(coefficients)[:, 0], share, RIDGE)
    direction = np.random.default_rng(1).normal(size=coefficients.shape)
    product = multiply_by_hessian(objective, coefficients, direction)
    np.testing.assert_allclose(measured.divide(product), direction, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("most_bytes", "kind"), [(1 << 20, CurvatureByClass), (0, SharedCurvature)])
def test_for_several_classes_the_inverse_is_near_and_the_classes_sum_to_0(monkeypatch, most_bytes, kind):
    monkeypatch.setattr(curvature, "MOST_BYTES", most_bytes)
    Z, share, objective, coefficients = make_problem(4)
    measured = measure_curvature(Z, objective.score(coefficients)[:, 0], share, RIDGE)
    assert isinstance(measured, kind)
    for seed in range(10):
        direction = np.random.default_rng(seed).normal(size=(4, D + 1))
        direction = (direction - direction.mean(axis=0)).reshape(1, -1)
        found = measured.divide(multiply_by_hessian(objective, coefficients, direction))
        np.testing.assert_allclose(found.reshape(4, -1).sum(axis=0), 0, atol=1e-9)
        along = (found * direction).sum() / (direction**2).sum()
        assert 0.7 < along < 1.5
        assert np.linalg.norm(found - along * direction) < 0.7 * np.linalg.norm(direction)


@pytest.mark.parametrize("most_bytes", [1 << 20, 0])
def test_few_rows_give_a_bounded_inverse(monkeypatch, most_bytes):
    monkeypatch.setattr(curvature, "MOST_BYTES", most_bytes)
    random = np.random.default_rng(0)
    Z, scores = random.normal(size=(8, 30)).astype(np.float32), 50 * np.eye(4)[np.arange(8) % 4]  # probabilities near 1
    gradient = random.normal(size=(4, 30))
    gradient = (gradient - gradient.mean(axis=0)).reshape(1, -1)
    measured = measure_curvature(Z, scores, np.full(8, 1 / 8), 1e-12)
    assert np.isfinite(measured.divide(gradient)).all()
    if most_bytes:
        assert np.linalg.norm(measured.divide(gradient)) < 1e5 * np.linalg.norm(gradient)
