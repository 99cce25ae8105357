"""The learning curve: errors of heads that learned from a part of the rows."""

import numpy as np
import pytest

from headstart.head import learning_curve
from headstart.head.learning_curve import measure_learning_curve


def make_rows(n, n_classes=3, shift=1.5, seed=0):
    generator = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    X = generator.normal(size=(n, 64)).astype(np.float32)
    X[:, ::4] += shift * np.eye(16, dtype=np.float32)[y]
    return X, y


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_error_falls_with_the_size(n_classes):
    X, y = make_rows(600, n_classes)
    points = measure_learning_curve(X, y, n_classes, seed=0)
    assert [point.n_fitted for point in points] == [150, 300, 450]
    assert [point.n_judged for point in points] == [1800, 1800, 600]  # 4, 6 and 4 heads
    assert points[0].error > max(points[1].error, points[2].error)


def test_the_same_seed_gives_the_same_points():
    X, y = make_rows(200)
    first, again, other = (measure_learning_curve(X, y, 3, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_rows_of_a_group_are_learned_from_together():
    X, y = make_rows(100, 2)
    copies = np.repeat(X, 4, axis=0)
    groups = [str(n // 4) for n in range(400)]
    apart = measure_learning_curve(copies, np.repeat(y, 4), 2, seed=0)
    together = measure_learning_curve(copies, np.repeat(y, 4), 2, seed=0, groups=groups)
    assert together[1].error > 1.5 * apart[1].error  # copies of learned rows are easy


def test_too_few_rows_give_fewer_points():
    X, y = make_rows(20, 3)
    assert [round(point.n_fitted) for point in measure_learning_curve(X, y, 3, seed=0)] == [10, 15]
    assert measure_learning_curve(*make_rows(6, 3), 3, seed=0) == []


def test_of_many_rows_a_sample_is_measured(monkeypatch):
    monkeypatch.setattr(learning_curve, "MAX_ROWS", 120)
    points = measure_learning_curve(*make_rows(600), 3, seed=0, sample_weight=np.ones(600), groups=list("ab" * 300))
    assert max(point.n_fitted for point in points) < 120


def test_weights_count():
    X, y = make_rows(300, 2, shift=0.7)
    plain = measure_learning_curve(X, y, 2, seed=0)
    weighted = measure_learning_curve(X, y, 2, seed=0, class_weight=np.array([1.0, 5.0]))
    assert plain != weighted
