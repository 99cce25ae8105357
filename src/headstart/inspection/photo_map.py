"""A map: a place in two dimensions for every photo, so that photos with alike features are near each other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from headstart.features.neighbours import find_nearest
from headstart.head.parallel_rows import sum_blocks, use_one_blas_thread
from headstart.head.standardise import measure_standardisation
from headstart.inspection.photo_set import N_NEAREST, PhotoSet
from headstart.process.packages import is_installed

Floats = npt.NDArray[np.float32]

PACKAGE = "openTSNE"
# Photos of a map by t-SNE. For 3,000, the import and the map take 2.1 s of processor time, in one thread: as much as a
# sixth of a training without features in the cache.
FEWEST, MOST = 50, 2_000
PERPLEXITY = 10  # a third of the neighbours, as van der Maaten 2014 takes
# Rounds: a quarter of the usual number. With ANGLE 0.5 and twice as many rounds, the map of 3,000 cats and dogs takes
# three times as long, and has as many of the ten nearest photos among its ten nearest points: 37%.
N_EARLY, N_LATE, ANGLE = 60, 120, 1.0
EXAGGERATION = 12
N_DIRECTIONS, N_ROUNDS = 8, 30  # of the power iteration for the first two components


class PhotoMap(NamedTuple):
    """A place for every photo.

    Attributes
    ----------
    places
        (N, 2) float32, 0 to 1.
    name
        Method in words: ``t-SNE`` or ``PCA``.
    """

    places: Floats
    name: str


def make_map(photos: PhotoSet, *, seed: int = 0) -> PhotoMap:
    """Place the photos on a map by t-SNE, which shows groups, or by the first two principal components (PCA).

    t-SNE needs the package openTSNE (the extra ``map``). It is used for 50 to 2,000 photos. The same photos, seed and
    processor give the same map. t-SNE works in one thread: in two, its sums depend on their order.
    """
    with use_one_blas_thread():
        components = _find_components(photos.X)
        if FEWEST <= len(photos.photos) <= MOST and is_installed(PACKAGE):
            return PhotoMap(_fit(_embed(photos, components, seed)), "t-SNE")
    return PhotoMap(_fit(components), "PCA")


def _find_components(X: Floats) -> Floats:
    """Return the first two principal components (N, 2) of standardised features, by power iteration."""
    if len(X) < 2:
        return np.zeros((len(X), 2), np.float32)
    standardisation = measure_standardisation(X, np.ones(len(X)))
    mean, scale = standardisation.mean.astype(np.float32), standardisation.scale.astype(np.float32)

    def square(rows: slice) -> Floats:
        some = (X[rows] - mean) / scale
        squares: Floats = some.T @ some
        return squares

    squares = sum_blocks(square, X).astype(np.float64)  # once, and not in each round
    axes = np.random.default_rng(0).normal(size=(X.shape[1], min(N_DIRECTIONS, X.shape[1])))
    for _ in range(N_ROUNDS):
        axes = np.linalg.qr(squares @ axes)[0]
    values, turn = np.linalg.eigh(axes.T @ squares @ axes)
    axes = (axes @ turn[:, np.argsort(-values)[:2]]).astype(np.float32)
    axes = axes * np.where(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])] < 0, -1, 1).astype(np.float32)
    offset = (mean / scale) @ axes
    places = np.zeros((len(X), 2), np.float32)
    places[:, : axes.shape[1]] = X @ (axes / scale[:, None]) - offset
    return places


def _embed(photos: PhotoSet, components: Floats, seed: int) -> Floats:
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.initialization import rescale
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    # photos of one unit are near each other here
    numbers, cosines = photos.nearest if photos.units is None else find_nearest(photos.X, N_NEAREST)
    distances = np.sqrt(np.maximum(2 - 2 * cosines.astype(np.float64), 0))
    nearest = PrecomputedNeighbors(numbers, distances)
    affinities = PerplexityBasedNN(knn_index=nearest, perplexity=PERPLEXITY, n_jobs=1)
    start = rescale(components.astype(np.float64))
    start += np.random.default_rng(seed).normal(0, 1e-6, start.shape)  # equal photos would stay at one place
    embedding = TSNEEmbedding(
        start, affinities, negative_gradient_method="bh", theta=ANGLE, n_jobs=1, random_state=seed
    )
    embedding = embedding.optimize(N_EARLY, exaggeration=EXAGGERATION, momentum=0.5)
    return np.asarray(embedding.optimize(N_LATE, momentum=0.8), np.float32)


def _fit(places: Floats) -> Floats:
    """Return places scaled to 0 to 1 in both directions; 0.5 in a direction without differences."""
    low, high = places.min(0), places.max(0)
    extent = np.where(high > low, high - low, 1)
    fitted: Floats = np.where(high > low, (places - low) / extent, 0.5).astype(np.float32)
    return fitted
