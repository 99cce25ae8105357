"""The nearest neighbours of every photo, against a plain sort of all cosines."""

import numpy as np
import pytest

from headstart.features import neighbours
from headstart.features.neighbours import find_nearest


@pytest.fixture
def features():
    generator = np.random.default_rng(0)
    centres = generator.normal(0, 2, (5, 24))
    return (centres[generator.integers(0, 5, 300)] + generator.normal(3, 1, (300, 24))).astype(np.float32)


def compare_all(features, units):
    scaled = (features - features.mean(0)) / features.std(0)
    scaled /= np.linalg.norm(scaled, axis=1, keepdims=True)
    cosines = scaled @ scaled.T
    cosines[units[:, None] == units] = -np.inf
    return cosines


@pytest.mark.parametrize("size", [64, 2048])
@pytest.mark.parametrize("n_units", [None, 40])
def test_they_are_those_of_a_plain_sort(features, size, n_units, monkeypatch):
    monkeypatch.setattr(neighbours, "ROWS_AT_ONCE", size)
    units = np.arange(300) if n_units is None else np.random.default_rng(1).integers(0, n_units, 300)
    numbers, cosines = find_nearest(features, 7, None if n_units is None else [f"unit {n}" for n in units])
    expected = compare_all(features, units)
    assert (numbers == np.argsort(-expected, 1)[:, :7]).all()
    np.testing.assert_allclose(cosines, np.sort(expected, 1)[:, :-8:-1], atol=1e-5)
    assert cosines.dtype == np.float32


def test_a_photo_with_too_few_neighbours_gets_none_in_their_place(features):
    numbers, cosines = find_nearest(features[:4], 6, ["a", "a", "a", "b"])
    assert numbers[:3].tolist() == [[3, -1, -1, -1, -1, -1]] * 3
    assert sorted(numbers[3]) == [-1, -1, -1, 0, 1, 2]
    assert np.isneginf(cosines[numbers < 0]).all()


def test_equal_photos_are_each_others_neighbours(features, monkeypatch):
    monkeypatch.setattr(neighbours, "ROWS_AT_ONCE", 50)
    equal = np.repeat(features[:30], 10, 0)
    numbers, cosines = find_nearest(equal, 5)
    assert (numbers // 10 == np.arange(300)[:, None] // 10).all()
    assert (numbers != np.arange(300)[:, None]).all()
    assert all(len(set(row)) == 5 for row in numbers.tolist())
    np.testing.assert_allclose(cosines, 1, atol=1e-5)
