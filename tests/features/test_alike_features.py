"""Cosines of standardised features, and the nearest photos by them, against the plain formula."""

import numpy as np
import pytest

from headstart.features import alike_features
from headstart.features.alike_features import AlikeFeatures

GENERATOR = np.random.default_rng(0)


@pytest.fixture(scope="module")
def features():
    """60 rows; rows 0 to 9 are alike, and so are rows 20 and 50."""
    rows = GENERATOR.normal(3, 2, (60, 40)).astype(np.float32)
    rows[:10] = rows[0] + GENERATOR.normal(0, 1, (10, 40))
    rows[50] = rows[20] + 0.1
    return rows


@pytest.fixture(scope="module")
def cosines(features):
    rows = (features - features.mean(0)) / features.std(0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


def test_the_cosine_is_that_of_standardised_rows(features, cosines):
    first, second = np.array([0, 20, 5]), np.array([1, 50, 33])
    assert AlikeFeatures(features).measure(first, second) == pytest.approx(cosines[first, second], abs=1e-4)


def test_one_photo_is_compared_with_each_in_blocks(features, cosines, monkeypatch):
    monkeypatch.setattr(alike_features, "PAIRS_AT_ONCE", 7)
    assert AlikeFeatures(features).measure_all(20) == pytest.approx(cosines[20], abs=1e-4)


@pytest.mark.parametrize(("n_rows", "n_columns"), [(1024, 2048), (7, 11), (16, 5)])
def test_all_pairs_above_the_lowest_cosine_are_found(features, cosines, monkeypatch, n_rows, n_columns):
    monkeypatch.setattr(alike_features, "ROWS_AT_ONCE", n_rows)
    monkeypatch.setattr(alike_features, "COLUMNS_AT_ONCE", n_columns)
    first, second, cosine = AlikeFeatures(features).find_neighbours(0.4, 60)
    expected = np.argwhere(np.triu(cosines, 1) >= 0.4).tolist()
    assert [20, 50] in expected
    assert len(expected) > 20
    assert np.stack([first, second], 1).tolist() == expected
    assert cosine == pytest.approx(cosines[first, second], abs=1e-4)


@pytest.mark.parametrize(("n_rows", "n_columns"), [(1024, 2048), (7, 11)])
def test_of_many_pairs_the_nearest_of_each_photo_are_kept(features, cosines, monkeypatch, n_rows, n_columns):
    monkeypatch.setattr(alike_features, "ROWS_AT_ONCE", n_rows)
    monkeypatch.setattr(alike_features, "COLUMNS_AT_ONCE", n_columns)
    first, second, _ = AlikeFeatures(features).find_neighbours(-1, 2)
    np.fill_diagonal(cosines := cosines.copy(), -2)
    nearest = {tuple(sorted((n, int(other)))) for n in range(60) for other in np.argsort(-cosines[n])[:2]}
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == nearest


def test_of_many_photos_those_near_the_same_pivots_are_compared(monkeypatch):
    centres = GENERATOR.normal(size=(30, 40))
    features = np.repeat(centres, 20, 0) + GENERATOR.normal(0, 0.5, (600, 40))
    features = AlikeFeatures(features.astype(np.float32))
    first, second, cosine = features.find_neighbours(0.5, 5)
    monkeypatch.setattr(alike_features, "MAX_COMPARED", 100)
    some, others, cosines = features.find_neighbours(0.5, 5)
    expected = dict(zip(zip(first.tolist(), second.tolist(), strict=True), cosine.tolist(), strict=True))
    found = dict(zip(zip(some.tolist(), others.tolist(), strict=True), cosines.tolist(), strict=True))
    assert len(found) == len(some) > 2000
    assert len(found.keys() & expected.keys()) > 0.98 * len(expected)
    assert list(found) == sorted(found)
    assert all(found[pair] == pytest.approx(expected[pair], abs=1e-5) for pair in found.keys() & expected.keys())


def test_features_in_a_file_are_compared_as_those_in_memory(features, monkeypatch, tmp_path):
    mapped = np.memmap(tmp_path / "features", np.float32, "w+", shape=features.shape)
    mapped[:] = features
    monkeypatch.setattr(alike_features, "ROWS_AT_ONCE", 7)
    for mine, expected in zip(
        AlikeFeatures(mapped).find_neighbours(0.4, 60), AlikeFeatures(features).find_neighbours(0.4, 60), strict=True
    ):
        assert mine == pytest.approx(expected, abs=1e-5)


def test_features_without_alike_rows_give_no_pair():
    first, second, cosine = AlikeFeatures(np.eye(12, dtype=np.float32)).find_neighbours(0.5, 5)
    assert len(first) == len(second) == len(cosine) == 0
