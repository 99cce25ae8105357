"""Features like those of a backbone: pooled after ReLU6, so sparse, from 0 to 6 and correlated."""

from collections.abc import Callable

import numpy as np
import pytest


def draw_features(n: int, n_features: int, n_classes: int, seed: int = 0, spread: float = 0.7):
    """Return features (N, D) float32 and labels (N,); every class has a row."""
    random = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n_classes), random.integers(0, n_classes, n - n_classes)])
    rank = 12
    mixing = np.random.default_rng(99).normal(size=(rank, n_features))
    centres = np.random.default_rng(98).normal(size=(n_classes, rank))
    latent = spread * centres[y] + random.normal(size=(n, rank))
    X = latent @ mixing / np.sqrt(rank) + 0.4 * random.normal(size=(n, n_features)) - 0.5
    return np.clip(X, 0, 6).astype(np.float32), y


@pytest.fixture(scope="session")
def make_features() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    return draw_features


class CutRows:
    """Rows in memory as blocks; ``n_reads`` counts how often a block was read."""

    def __init__(self, X: np.ndarray, n_rows: int) -> None:
        self.n_features, self.n_reads = X.shape[1], 0
        self._blocks = [X[start : start + n_rows] for start in range(0, len(X), n_rows)]
        self.sizes = [len(block) for block in self._blocks]

    def read(self, number: int) -> np.ndarray:
        self.n_reads += 1
        return self._blocks[number]


@pytest.fixture(scope="session")
def cut_rows() -> Callable[[np.ndarray, int], CutRows]:
    return CutRows
