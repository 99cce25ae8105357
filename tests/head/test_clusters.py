"""k-means and the reduction before it: against scikit-learn, repeatable, and sound for odd rows."""

import numpy as np
import pytest

from headstart.head.clusters import find_clusters, reduce_features


def make_blobs(n=400, n_blobs=8, n_features=16, seed=0):
    generator = np.random.default_rng(seed)
    centres = generator.normal(0, 4, (n_blobs, n_features))
    truth = np.arange(n) % n_blobs
    return (centres[truth] + generator.normal(size=(n, n_features))).astype(np.float32), truth


def measure_inertia(rows, numbers, means):
    return float(((rows - means[numbers]) ** 2).sum())


def test_clusters_are_about_as_tight_as_those_of_scikit_learn():
    cluster = pytest.importorskip("sklearn.cluster")
    rows = np.random.default_rng(1).normal(size=(1500, 12)).astype(np.float32)
    ours = np.mean([measure_inertia(rows, *find_clusters(rows, 30, seed=seed)) for seed in range(5)])
    theirs = np.mean([cluster.KMeans(30, n_init=1, random_state=seed).fit(rows).inertia_ for seed in range(5)])
    assert ours <= 1.01 * theirs


def test_separate_blobs_are_found():
    rows, truth = make_blobs()
    best = min(
        (find_clusters(rows, 8, seed=seed) for seed in range(5)), key=lambda found: measure_inertia(rows, *found)
    )
    numbers, means = best
    assert len({(a, b) for a, b in zip(numbers.tolist(), truth.tolist(), strict=True)}) == 8
    for number in range(8):
        np.testing.assert_allclose(means[number], rows[numbers == number].mean(0), atol=1e-4)


def test_the_seed_decides():
    rows, _ = make_blobs(n=200)
    one, same, other = (find_clusters(rows, 20, seed=seed)[0] for seed in (3, 3, 4))
    assert (one == same).all()
    assert not (one == other).all()


@pytest.mark.parametrize(("rows", "n", "n_found"), [
    (np.ones((6, 3), np.float32), 4, 1),
    (np.repeat(np.eye(3, dtype=np.float32), 5, axis=0), 9, 3),
    (np.eye(1, 4, dtype=np.float32), 2, 1),
    (np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32), 7, 7),
])  # fmt: skip
def test_every_cluster_has_a_row(rows, n, n_found):
    numbers, means = find_clusters(rows, n)
    assert sorted(set(numbers.tolist())) == list(range(n_found))
    assert len(means) == n_found


def test_reduced_features_are_principal_components():
    decomposition = pytest.importorskip("sklearn.decomposition")
    rows, _ = make_blobs(n=300, n_features=120)
    reduced = reduce_features(rows + 5, 6)
    theirs = decomposition.PCA(6, svd_solver="full").fit_transform(rows)
    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    np.testing.assert_allclose(reduced @ reduced.T, theirs @ theirs.T, atol=2e-2)


@pytest.mark.parametrize("shape", [(1, 5), (3, 100), (100, 3)])
def test_few_rows_or_features_give_fewer_components(shape):
    X = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    reduced = reduce_features(X)
    assert reduced.shape == (shape[0], min(shape))
    assert np.isfinite(reduced).all()


def test_equal_rows_have_no_direction():
    assert not reduce_features(np.ones((10, 8), np.float32)).any()
