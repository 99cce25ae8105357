"""The valley between two clusters is deep, and within one cluster there is none."""

import numpy as np
import pytest

from headstart.inspection.bimodality import measure_valley


@pytest.mark.parametrize("n", [50, 150, 700])
def test_one_cluster_has_no_valley(n):
    features = np.random.default_rng(n).normal(3, 1, (n, 60)).astype(np.float32)
    assert measure_valley(features)[0] < 0.2


@pytest.mark.parametrize(("n", "n_first"), [(100, 50), (700, 300)])
def test_two_clusters_have_a_deep_valley_and_each_photo_a_side(n, n_first):
    features = np.random.default_rng(n).normal(0, 0.3, (n, 60)).astype(np.float32)
    features[:n_first, :10] += 1
    features[n_first:, 10:20] += 1
    depth, sides = measure_valley(features)
    assert depth > 0.8
    assert (sides == 0).sum() == max(0, n - 600)  # of more photos, random ones are measured
    first, second = np.sign(sides[:n_first]), np.sign(sides[n_first:])
    assert set(first[first != 0]) == {-second[second != 0][0]}
    assert set(second[second != 0]) == {-first[first != 0][0]}


@pytest.mark.parametrize("n", [60, 200])
def test_equal_features_have_no_valley(n):
    for n_features in (5, 50):
        features = np.full((n, n_features), 0.37, np.float32)
        assert max(measure_valley(features, seed)[0] for seed in range(4)) == 0
