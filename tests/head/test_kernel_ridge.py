import numpy as np
import pytest

from headstart.head import kernel_ridge
from headstart.head.kernel_ridge import KernelRidge


@pytest.fixture
def rows():
    generator = np.random.default_rng(0)
    y = generator.integers(0, 3, 90)
    X = (generator.normal(0, 1, (90, 12)) + 1.5 * np.eye(3, 12)[y]).astype(np.float32)
    return X, y.astype(np.int64)


def fit_without(ridge, y, out, penalty, weight=None):
    """Fit to all rows but some, in float64, and return the scores of these."""
    kept = np.setdiff1d(np.arange(len(y)), out)
    rows = ridge.rows.astype(np.float64)
    weight = np.ones(len(y)) if weight is None else weight.astype(np.float64)
    targets = np.where(np.eye(3)[y] > 0, 1.0, -1.0)
    weighed = rows[kept].T * weight[kept]
    coefficients = np.linalg.solve(weighed @ rows[kept] + penalty * np.eye(rows.shape[1]), weighed @ targets[kept])
    return rows[out] @ coefficients


@pytest.mark.parametrize("weight", [None, np.linspace(0.1, 1, 90).astype(np.float32)], ids=["plain", "weighted"])
def test_scores_are_those_of_fits_without_each_row(rows, weight):
    X, y = rows
    ridge = KernelRidge(X)
    left_out = ridge.predict_left_out(y, 3, weight=weight, penalty=0.5)
    for n in (0, 17, 89):
        expected = fit_without(ridge, y, np.array([n]), 0.5, weight)[0]
        np.testing.assert_allclose(left_out.scores[n], expected, atol=5e-3)


def test_photos_of_a_unit_are_left_out_together(rows):
    X, y = rows
    units = [str(n // 3) if n < 30 else f"alone {n}" for n in range(90)]
    ridge = KernelRidge(X, units)
    left_out = ridge.predict_left_out(y, 3, penalty=0.5)
    np.testing.assert_allclose(left_out.scores[3:6], fit_without(ridge, y, np.arange(3, 6), 0.5), atol=1e-2)
    np.testing.assert_allclose(left_out.scores[60], fit_without(ridge, y, np.array([60]), 0.5)[0], atol=5e-3)


def test_the_products_of_the_rows_are_the_kernel(rows):
    X, _ = rows
    mapped = KernelRidge(X).rows
    kernel = mapped @ mapped.T
    scale = np.maximum(X.std(0), np.median(X.std(0)))
    Z = (X - X.mean(0)) / scale
    distances = ((Z[:, None] - Z[None]) ** 2).sum(2)
    expected = np.exp(-distances / np.median(distances[np.triu_indices(90, 1)]))
    np.testing.assert_allclose(kernel, expected, atol=2e-3)


def test_landmarks_approximate_many_rows(rows, monkeypatch):
    X, y = rows
    exact = KernelRidge(X).predict_left_out(y, 3)
    monkeypatch.setattr(kernel_ridge, "MAX_LANDMARKS", 60)
    near = KernelRidge(X).predict_left_out(y, 3, penalty=exact.penalty)
    assert KernelRidge(X).rows.shape[1] <= 60
    assert (near.scores.argmax(1) == exact.scores.argmax(1)).mean() > 0.9


def test_influence_tells_how_a_changed_target_changes_other_predictions(rows):
    X, y = rows
    ridge = KernelRidge(X)
    before = ridge.predict_left_out(y, 3, penalty=0.5)
    changed = y.copy()
    changed[7] = (y[7] + 1) % 3
    after = ridge.predict_left_out(changed, 3, penalty=0.5)
    influence = ridge.measure_influence(np.array([7]), before)[0]
    change = np.where(np.eye(3)[changed[7]] > 0, 1, -1) - np.where(np.eye(3)[y[7]] > 0, 1, -1)
    np.testing.assert_allclose(after.scores, before.scores + influence[:, None] * change, atol=5e-3)
    assert influence[7] == 0


def test_a_row_has_no_influence_on_scores_without_its_unit(rows):
    X, y = rows
    units = [str(n // 3) if n < 30 else f"alone {n}" for n in range(90)]
    ridge = KernelRidge(X, units)
    before = ridge.predict_left_out(y, 3, penalty=0.5)
    changed = y.copy()
    changed[7] = (y[7] + 1) % 3
    after = ridge.predict_left_out(changed, 3, penalty=0.5)
    influence = ridge.measure_influence(np.array([7]), before)[0]
    assert (influence[6:9] == 0).all()
    change = np.where(np.eye(3)[changed[7]] > 0, 1, -1) - np.where(np.eye(3)[y[7]] > 0, 1, -1)
    np.testing.assert_allclose(after.scores, before.scores + influence[:, None] * change, atol=5e-3)


def test_rows_of_a_unit_are_also_predicted_without_each_alone(rows):
    X, y = rows
    X[1] = X[0] + 0.1
    ridge = KernelRidge(X, ["both", "both", *map(str, range(88))])
    left_out = ridge.predict_left_out(y, 3, penalty=0.5)
    np.testing.assert_allclose(left_out.alone[0], fit_without(ridge, y, np.array([0]), 0.5)[0], atol=5e-3)
    assert np.abs(left_out.alone[0] - left_out.scores[0]).max() > 0.01
    np.testing.assert_array_equal(left_out.alone[2:], left_out.scores[2:])


def test_the_penalty_has_the_least_error(rows):
    X, y = rows
    ridge = KernelRidge(X)
    targets = np.where(np.eye(3)[y] > 0, 1, -1)

    def measure(penalty):
        return np.mean((ridge.predict_left_out(y, 3, penalty=penalty).scores - targets) ** 2)

    chosen = ridge.predict_left_out(y, 3).penalty
    assert min(kernel_ridge.PENALTIES, key=measure) == chosen


def test_equal_photos_are_no_division_by_zero():
    left_out = KernelRidge(np.ones((6, 4), np.float32)).predict_left_out(np.array([0, 1, 0, 1, 0, 1]), 2)
    assert np.isfinite(left_out.scores).all()


def test_important_features_count_more(rows):
    X, y = rows
    noise = np.random.default_rng(1).normal(0, 1, (90, 60)).astype(np.float32)
    both = np.hstack([X, noise])
    importance = np.repeat(np.array([3, 0.3], np.float32), [12, 60])
    alike, weighed = (
        KernelRidge(both, importance=some).predict_left_out(y, 3).scores.argmax(1) == y for some in (None, importance)
    )
    assert weighed.mean() > alike.mean() + 0.1
