from dataclasses import replace

import numpy as np

from headstart.head import reduction
from headstart.head.logistic import fit_logistic
from headstart.head.reduction import make_precondition, reduce_rows
from headstart.head.regularisation import choose_strength
from headstart.head.training_rows import prepare_rows


def make_rows(n=80, n_features=200):
    generator = np.random.default_rng(5)
    y = np.arange(n) % 3
    X = generator.normal(size=(n, n_features)) + np.eye(3)[y] @ generator.normal(size=(3, n_features))
    return prepare_rows(X.astype(np.float32), y, n_classes=3)


def test_all_components_give_the_head_of_all_features():
    prepared = make_rows()
    reduced = reduce_rows(prepared, n_components=100)
    assert reduced.Z.shape == (80, 80)  # one less than the rows, and the column of ones
    X = prepared.rows.X
    plain, fit = (fit_logistic(some, strength=0.01).head for some in (prepared, reduced))
    assert fit.weights.shape == (200, 3)
    np.testing.assert_allclose(fit.scores(X), plain.scores(X), atol=1e-3)
    assert choose_strength(reduced, seed=0).strength == choose_strength(prepared, seed=0).strength


def test_the_components_are_those_of_the_largest_variance():
    prepared = make_rows()
    Z = prepared.Z[:, :-1].astype(np.float64)
    variances = np.linalg.svd(Z, compute_uv=False)[:6] ** 2
    found = reduce_rows(prepared, n_components=6).Z[:, :-1]
    np.testing.assert_allclose((found**2).sum(axis=0), variances, rtol=1e-4)


def test_other_rows_get_the_same_components():
    prepared = make_rows()
    reduced = reduce_rows(prepared, n_components=6)
    np.testing.assert_allclose(reduced.standardisation.apply(prepared.rows.X), reduced.Z, atol=1e-4)
    again = prepare_rows(
        prepared.rows.X[:30], prepared.rows.y[:30], n_classes=3, standardisation=reduced.standardisation
    )
    np.testing.assert_allclose(again.Z, reduced.Z[:30], atol=1e-4)


def test_few_features_stay_as_they_are():
    prepared = make_rows()
    assert reduce_rows(prepared, n_components=200) is prepared


def test_of_many_rows_a_part_gives_the_components(monkeypatch):
    monkeypatch.setattr(reduction, "N_ROWS", 40)
    prepared = make_rows()
    one, other = (reduce_rows(prepared, n_components=20) for _ in range(2))
    assert (one.Z == other.Z).all()
    assert one.Z.shape == (80, 21)
    basis = one.standardisation.basis
    np.testing.assert_allclose(basis.T @ basis, np.eye(20), atol=1e-4)


def test_constant_features_have_no_component():
    prepared = make_rows(n_features=60)
    constant = replace(prepared, Z=np.zeros_like(prepared.Z) + prepared.Z[:, :1] * np.ones(61, np.float32))
    assert reduce_rows(constant, n_components=10).Z.shape == (80, 2)


def test_the_precondition_saves_iterations_and_changes_no_head(monkeypatch):
    generator = np.random.default_rng(5)
    hidden = generator.normal(size=(400, 50)) * np.geomspace(1, 0.01, 50)  # of very different variances
    y = (hidden[:, :5].sum(axis=1) + generator.normal(size=400) > 0).astype(np.int64)
    X = np.float32(hidden @ generator.normal(size=(50, 200)))
    reduced = reduce_rows(prepare_rows(X, y, n_classes=2), n_components=40)
    fit = fit_logistic(reduced, strength=0.1)
    monkeypatch.setattr("headstart.head.logistic.make_precondition", lambda *_: None)
    plain = fit_logistic(reduced, strength=0.1)
    assert fit.is_converged
    assert fit.n_iterations < 0.7 * plain.n_iterations
    np.testing.assert_allclose(fit.head.weights, plain.head.weights, atol=1e-4)
    assert make_precondition(make_rows(), np.zeros((1, 603))) is None
