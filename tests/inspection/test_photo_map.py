"""The map: photos with alike features are near each other, and the same photos give the same map."""

import numpy as np
import pytest

from headstart.inspection import photo_map
from headstart.inspection.photo_map import make_map


@pytest.fixture
def without_package(monkeypatch):
    monkeypatch.setattr(photo_map, "is_installed", lambda _: False)


def measure_purity(places, labels):
    """Return the share of photos whose nearest photo on the map has the same label."""
    distances = ((places[:, None] - places) ** 2).sum(2)
    np.fill_diagonal(distances, np.inf)
    return float(np.mean([labels[n] == labels[m] for n, m in enumerate(distances.argmin(1))]))


@pytest.mark.usefixtures("without_package")
def test_without_the_package_places_are_the_first_two_components(make_set, make_classes):
    X, labels = make_classes(60, 3)
    X = X * np.linspace(1, 5, 40) + 2
    places, name = make_map(make_set(X, labels))
    assert name == "PCA"
    Z = (X - X.mean(0)) / X.std(0)
    _, _, axes = np.linalg.svd(Z, full_matrices=False)
    for found, expected in zip(places.T, (Z @ axes[:2].T).T, strict=True):
        assert abs(np.corrcoef(found, expected)[0, 1]) > 0.999
    assert places.shape == (180, 2)
    assert places.dtype == np.float32
    assert places.min() == 0
    assert places.max() == 1
    np.testing.assert_array_equal(places, make_map(make_set(X, labels)).places)


@pytest.mark.usefixtures("without_package")
@pytest.mark.parametrize("X", [np.ones((1, 8)), np.ones((5, 8)), np.eye(3, 1), np.eye(2)])
def test_few_or_equal_photos_have_a_place(make_set, X):
    places = make_map(make_set(X, ["a"] * len(X))).places
    assert places.shape == (len(X), 2)
    assert np.isfinite(places).all()
    assert ((places >= 0) & (places <= 1)).all()


def test_t_sne_keeps_classes_together(make_set, make_classes):
    pytest.importorskip("openTSNE")
    X, labels = make_classes(40, 8)
    X[:5] = X[0]
    photos = make_set(X, labels, units=["series" if n < 5 else str(n) for n in range(320)])
    places, name = make_map(photos)
    assert name == "t-SNE"
    assert measure_purity(places, labels) > 0.95 > measure_purity(make_map_by_components(photos), labels)
    assert np.ptp(places[:5], 0).max() < 0.1
    assert places.min() == 0
    assert places.max() == 1
    np.testing.assert_array_equal(places, make_map(photos).places)


def make_map_by_components(photos):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(photo_map, "MOST", 0)
        return make_map(photos).places


def test_a_map_of_many_photos_is_by_components(make_set, monkeypatch):
    monkeypatch.setattr(photo_map, "is_installed", lambda _: True)
    X = np.random.default_rng(0).normal(size=(photo_map.MOST + 1, 4)).astype(np.float32)
    assert make_map(make_set(X, ["a"] * len(X))).name == "PCA"
