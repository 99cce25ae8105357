"""Standardised features have mean 0 and standard deviation 1; the folded head gives the same scores on raw features."""

import numpy as np
import pytest

from headstart.head.parallel_rows import BLOCK_ROWS
from headstart.head.standardise import measure_standardisation


@pytest.fixture(name="X")
def draw_features():
    random = np.random.default_rng(0)
    return (random.gamma(1.0, size=(2 * BLOCK_ROWS + 17, 6)) * [1, 2, 3, 0.1, 50, 1e-4]).astype(np.float32)


def test_the_weighted_mean_is_0_and_the_weighted_standard_deviation_1(X):
    weight = np.random.default_rng(1).uniform(0, 2, len(X))
    Z = measure_standardisation(X, weight).apply(X)
    np.testing.assert_allclose(np.average(Z[:, :-1], axis=0, weights=weight), 0, atol=1e-5)
    np.testing.assert_allclose(np.average(Z[:, :-1].astype(float) ** 2, axis=0, weights=weight), 1, atol=1e-5)
    np.testing.assert_array_equal(Z[:, -1], 1)
    assert Z.dtype == np.float32


def test_a_weight_counts_as_a_number_of_rows(X):
    weight = np.random.default_rng(1).integers(0, 4, len(X))
    weighted, repeated = measure_standardisation(X, weight), measure_standardisation(*repeat(X, weight))
    np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=1e-10)
    np.testing.assert_allclose(weighted.scale, repeated.scale, rtol=1e-10)


def repeat(X, weight):
    return np.repeat(X, weight, axis=0), np.ones(weight.sum())


@pytest.mark.parametrize("value", [0.0, 0.1, 3.3e7, -1e-30])
def test_a_constant_feature_keeps_its_scale(value):
    X = np.full((301, 2), value, np.float32)
    standardisation = measure_standardisation(X, np.random.default_rng(0).uniform(0.1, 1, 301))
    np.testing.assert_array_equal(standardisation.scale, 1)
    np.testing.assert_allclose(standardisation.apply(X)[:, :-1], 0, atol=1)


def test_the_folded_head_scores_raw_features(X):
    standardisation = measure_standardisation(X, np.ones(len(X)))
    coefficients = np.random.default_rng(2).normal(size=(3, 7))
    expected = standardisation.apply(X.astype(np.float64)) @ coefficients.T
    np.testing.assert_allclose(standardisation.fold_in(coefficients).scores(X), expected, atol=1e-3)


def test_one_row_of_coefficients_is_the_log_odds_of_class_1(X):
    standardisation = measure_standardisation(X, np.ones(len(X)))
    log_odds = np.random.default_rng(2).normal(size=(1, 7))
    scores = standardisation.fold_in(log_odds).scores(X)
    np.testing.assert_allclose(scores[:, 1], -scores[:, 0], atol=1e-3)
    expected = (standardisation.apply(X.astype(np.float64)) @ log_odds.T)[:, 0]
    np.testing.assert_allclose(scores[:, 1] - scores[:, 0], expected, atol=1e-3)
