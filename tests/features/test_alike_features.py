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


def test_features_without_alike_rows_give_no_pair():
    first, second, cosine = AlikeFeatures(np.eye(12, dtype=np.float32)).find_neighbours(0.5, 5)
    assert len(first) == len(second) == len(cosine) == 0
