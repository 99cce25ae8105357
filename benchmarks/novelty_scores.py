"""Other scores of how strange a photo is, to compare the novelty test with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA

from headstart.head.linear import LinearHead

N_COMPONENTS = 256


def add_up_scores(scores: np.ndarray) -> np.ndarray:
    """Return the logarithm of the sum of exp(class scores): minus the energy of Liu et al. 2020."""
    top = scores.max(1, keepdims=True)
    return (top + np.log(np.exp(scores - top).sum(1, keepdims=True)))[:, 0]


class OtherScores:
    """Scores by the features of all stages of N training photos, the last stage at the end. Higher is stranger."""

    def __init__(self, X: np.ndarray, y: np.ndarray, head: LinearHead, *, is_whole: bool) -> None:
        self._head, self._n_last, self._is_whole = head, len(head.weights), is_whole
        if not is_whole:
            return
        self._mean, deviations = X.mean(0), X.std(0)
        self._scale = np.maximum(deviations, np.median(deviations))
        rows = (X - self._mean) / self._scale
        last = rows[:, -self._n_last :]
        self._centres = np.stack([last[y == label].mean(0) for label in np.unique(y)])
        covariance = LedoitWolf(assume_centered=True).fit(last - self._centres[y])
        self._whitener = np.linalg.cholesky(covariance.precision_.astype(np.float64))
        n = min(N_COMPONENTS, len(X) // 2)
        self._components = PCA(n, svd_solver="randomized", random_state=0).fit(rows).components_
        # the weight of the residual beside the scores: Wang et al. 2022, equation 7
        largest = head.scores(X[:, -self._n_last :]).max(1)
        self._alpha = largest.mean() / self._measure_residual(rows).mean()

    def measure(self, X: np.ndarray) -> Mapping[str, np.ndarray]:
        """Return the scores (N,) of photos, by name: the first two, and all if the fit was whole."""
        scores = self._head.scores(X[:, -self._n_last :]).astype(np.float64)
        energy = -add_up_scores(scores)
        found = {"max softmax": -np.exp(scores.max(1) + energy), "energy": energy}
        if not self._is_whole:
            return found
        rows = (X - self._mean) / self._scale
        white = rows[:, -self._n_last :] @ self._whitener
        distances = [((white - centre @ self._whitener) ** 2).sum(1) for centre in self._centres]
        found["Mahalanobis"] = np.min(distances, axis=0)
        found["ViM, all stages"] = self._alpha * self._measure_residual(rows) + energy
        return found

    def _measure_residual(self, rows: np.ndarray) -> np.ndarray:
        explained = rows @ self._components.T
        return np.sqrt(np.maximum((rows**2).sum(1) - (explained**2).sum(1), 0))
