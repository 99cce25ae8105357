"""The solver finds scikit-learn's coefficients, strength for strength."""

import warnings

import numpy as np
import pytest

from headstart.head.class_weights import balanced_weights
from headstart.head.folds import make_folds
from headstart.head.logistic import fit_logistic
from headstart.head.training_rows import prepare_rows

linear_model = pytest.importorskip("sklearn.linear_model", reason="needs scikit-learn")
preprocessing = pytest.importorskip("sklearn.preprocessing")

COEFFICIENTS = 1e-4  # relative to the largest
PROBABILITIES = 1e-4


def draw_features(n: int, n_features: int, n_classes: int):
    """Sparse features from 0 to 6, in float64 so that both solvers can be exact, and overlapping classes."""
    random = np.random.default_rng(n + n_features + n_classes)
    y = np.arange(n) % n_classes
    centres = random.normal(size=(n_classes, n_features))
    return np.clip(0.5 * centres[y] + random.normal(size=(n, n_features)), 0, 6), y


def fit_reference(X, y, strength, weight):
    """Fit scikit-learn's head; return its coefficients and its function from features to probabilities."""
    scaler = preprocessing.StandardScaler().fit(X, sample_weight=weight)
    model = linear_model.LogisticRegression(C=strength, tol=1e-10, max_iter=20_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at this tolerance its line search may end at the limit of rounding
        model.fit(scaler.transform(X), y, sample_weight=weight)
    return model.coef_ / scaler.scale_, lambda X: model.predict_proba(scaler.transform(X))


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize(("n", "n_features"), [(50, 120), (300, 40)])
@pytest.mark.parametrize("strength", [1e-3, 0.1, 10.0])
@pytest.mark.parametrize("kind", ["plain", "weighted"])
def test_coefficients_and_probabilities_agree(n_classes, n, n_features, strength, kind):
    X, y = draw_features(n, n_features, n_classes)
    weight = class_weight = None
    if kind == "weighted":
        random = np.random.default_rng(0)
        weight, class_weight = random.uniform(0.1, 3, n), random.uniform(0.5, 2, n_classes)
    combined = np.ones(n) if weight is None else weight * class_weight[y]
    coefficients, answer = fit_reference(X, y, strength, combined)
    prepared = prepare_rows(X, y, n_classes=n_classes, sample_weight=weight, class_weight=class_weight)
    fit = fit_logistic(prepared, strength=strength, tolerance=1e-8, max_iterations=5000)
    assert fit.is_converged
    ours = fit.head.weights.T if n_classes > 2 else (fit.head.weights[:, 1] - fit.head.weights[:, 0])[None]
    np.testing.assert_allclose(ours, coefficients, atol=COEFFICIENTS * np.abs(coefficients).max())
    fresh, _ = draw_features(n + 1, n_features, n_classes)
    for rows in (X, fresh):
        np.testing.assert_allclose(fit.head.probabilities(rows), answer(rows), atol=PROBABILITIES)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_float32_at_the_default_tolerance_agrees_too(n_classes):
    X, y = draw_features(600, 300, n_classes)
    _, answer = fit_reference(X, y, 0.01, np.ones(600))
    fit = fit_logistic(prepare_rows(X.astype(np.float32), y, n_classes=n_classes), strength=0.01)
    np.testing.assert_allclose(fit.head.probabilities(X), answer(X), atol=PROBABILITIES)


def test_balanced_weights_agree():
    y = np.repeat([0, 1, 2], [5, 50, 20])
    from sklearn.utils.class_weight import compute_class_weight

    np.testing.assert_allclose(balanced_weights(y, 3), compute_class_weight("balanced", classes=np.arange(3), y=y))


def test_folds_are_as_stratified_as_those_of_scikit_learn():
    from sklearn.model_selection import StratifiedKFold

    y = np.repeat([0, 1, 2], [13, 52, 20])
    ours = make_folds(y, n_folds=5, seed=0)
    theirs = [held for _, held in StratifiedKFold(5, shuffle=True, random_state=0).split(y, y)]
    for label in range(3):
        counts = sorted(np.bincount(ours[y == label], minlength=5))
        assert counts == sorted(int((y[held] == label).sum()) for held in theirs)
