import numpy as np
import pytest
from sklearn.linear_model import Ridge

from headstart.head.fold_heads import FoldHeads
from headstart.head.logistic import fit_logistic
from headstart.head.reduction import reduce_rows
from headstart.head.ridge import PENALTY, SCALE, fit_ridge, score_ridge
from headstart.head.training_rows import prepare_rows


def make_rows(n_classes, n=60, n_features=7):
    generator = np.random.default_rng(3)
    y = generator.integers(n_classes, size=n)
    X = generator.normal(size=(n, n_features)) + y[:, None] * np.arange(n_features)
    return prepare_rows(X.astype(np.float32), y, n_classes=n_classes), generator.uniform(0.5, 2, (n, 2))


@pytest.mark.parametrize("n_classes", [2, 4])
def test_it_is_the_ridge_regression_of_scikit_learn(n_classes):
    prepared, weight = make_rows(n_classes)
    found = fit_ridge(prepared, weight)
    targets = 2.0 * prepared.rows.y - 1 if n_classes == 2 else np.eye(n_classes)[prepared.rows.y]
    for problem in range(2):
        model = Ridge(alpha=PENALTY * 7).fit(prepared.Z[:, :-1], targets, sample_weight=weight[:, problem])
        expected = np.column_stack([np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)])
        np.testing.assert_allclose(found[problem], SCALE * expected, atol=1e-4)


def test_a_row_of_weight_0_has_no_part_in_the_fit():
    prepared, weight = make_rows(3)
    weight[:20, 0] = 0
    without = prepare_rows(prepared.rows.X[20:], prepared.rows.y[20:], n_classes=3)
    rows = type(prepared)(without.rows, prepared.standardisation, prepared.Z[20:], 3)
    np.testing.assert_allclose(fit_ridge(prepared, weight)[0], fit_ridge(rows, weight[20:])[0], atol=1e-4)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_a_head_is_the_mean_of_both(n_classes):
    prepared, _ = make_rows(n_classes)
    both = type(prepared)(prepared.rows, prepared.standardisation, prepared.Z, n_classes, has_ridge=True)
    X, weight = prepared.rows.X, prepared.rows.weight[:, None]
    logistic = fit_logistic(prepared, strength=1.0).head
    ridge = prepared.standardisation.fold_in(fit_ridge(prepared, weight)[0])
    fit = fit_logistic(both, strength=1.0, validation=(X, prepared.rows.y))
    np.testing.assert_allclose(fit.head.scores(X), (logistic.scores(X) + ridge.scores(X)) / 2, atol=1e-3)
    last = {row.data: row.accuracy for row in fit.history}
    assert set(last.values()) == {(fit.head.scores(X).argmax(axis=1) == prepared.rows.y).mean()}


def test_heads_of_folds_are_the_mean_of_both():
    prepared, weight = make_rows(3)
    both = type(prepared)(prepared.rows, prepared.standardisation, prepared.Z, 3, has_ridge=True)
    plain = FoldHeads(prepared, weight).fit(1.0)
    mean = FoldHeads(both, weight).fit(1.0)
    np.testing.assert_allclose(mean, (plain + score_ridge(prepared, weight)) / 2, atol=1e-5)


def test_many_rows_are_multiplied_part_by_part(monkeypatch):
    prepared, weight = make_rows(3)
    whole = fit_ridge(prepared, weight)
    monkeypatch.setattr("headstart.head.ridge.PART_ROWS", 25)
    np.testing.assert_allclose(fit_ridge(prepared, weight), whole, atol=1e-5)


def test_it_works_on_principal_components():
    prepared, weight = make_rows(3)
    reduced = reduce_rows(prepared, n_components=4)
    assert fit_ridge(reduced, weight).shape == (2, 3, 5)
