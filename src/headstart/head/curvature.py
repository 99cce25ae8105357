"""The curvature of the log loss over some rows, in a form that is inverted at once: what makes few steps enough.

The Hessian of row i is the Kronecker product of A_i, by its scores, and z_i z_i'. The sum of the products is close to
the product of the sums (as in Martens and Grosse 2015, "Optimizing neural networks with Kronecker-factored approximate
curvature"), with each z_i z_i' weighted by the trace of its A_i; for two classes, A_i being a number, it is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.linear import softmax
from headstart.head.passes import map_items
from headstart.large_arrays import release_rows

CHUNK_ROWS = 2048  # of a product (D + 1, D + 1) at a time
# So many rows for each direction that is trusted: then the curvature of few rows is that of all within a factor of two
# or so (Marchenko and Pastur 1967), along the directions that the damping leaves.
ROWS_PER_DIRECTION = 8
Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Curvature:
    """The eigenvalues and eigenvectors of both factors.

    Attributes
    ----------
    by_class, class_vectors
        (K,) and (K, K), of the mean A_i.
    by_feature, feature_vectors
        (D + 1,) and (D + 1, D + 1), of the weighted mean z_i z_i'.
    damping
        What is added to the features' eigenvalues, so that no more directions are trusted than there are rows for.
    """

    by_class: npt.NDArray[np.float64]
    class_vectors: npt.NDArray[np.float64]
    by_feature: npt.NDArray[np.float64]
    feature_vectors: npt.NDArray[np.float64]
    damping: float

    def divide(self, gradient: Array, ridge: float) -> Array:
        """Return a gradient (1, K * (D + 1)) times the inverse of the Hessian with a ridge."""
        values = self.by_class[:, None] * (self.by_feature + self.damping) + ridge
        # what is common to all classes changes nothing, and must not drift
        is_moved = self.by_class[:, None] > 1e-9 * self.by_class.max()
        turned = self.class_vectors.T @ gradient.reshape(len(self.by_class), -1) @ self.feature_vectors
        turned = np.divide(turned, values, out=np.zeros_like(turned), where=is_moved)
        back: Array = self.class_vectors @ turned @ self.feature_vectors.T
        return back.reshape(1, -1)


def measure_curvature(Z: Array, scores: Array, share: npt.NDArray[np.float64]) -> Curvature:
    """Measure the curvature at given scores.

    Parameters
    ----------
    Z
        (N, D + 1), the last column all ones.
    scores
        (N, K), one column of log odds for two classes.
    share
        (N,) of each row in the mean, summing to 1.

    Notes
    -----
    Costs N * (D + 1) ** 2 multiplications, and an eigendecomposition: 50,000 rows of 1,280 features some 5 s.
    """
    is_one = scores.shape[1] == 1
    p = softmax(np.hstack([np.zeros_like(scores), scores]) if is_one else scores).astype(np.float64)
    p = p[:, 1:] if is_one else p
    by_class, class_vectors = np.linalg.eigh(np.diag(share @ p) - (p * share[:, None]).T @ p)
    # rows that the head is all but sure of count for a little: on other rows it is less sure
    trace = share * np.maximum((p * (1 - p)).sum(axis=1), 1e-3)
    trace = (trace / trace.sum()).astype(Z.dtype)

    def multiply(rows: slice) -> Array:
        product: Array = (Z[rows] * trace[rows, None]).T @ Z[rows]
        release_rows(Z[rows])
        return product

    total = np.zeros((Z.shape[1], Z.shape[1]))
    for product in map_items(multiply, [slice(n, n + CHUNK_ROWS) for n in range(0, len(Z), CHUNK_ROWS)]):
        total += product
    by_feature, feature_vectors = np.linalg.eigh(total)
    by_feature = np.maximum(by_feature, 0)
    damping = _find_damping(by_feature, int((share > 0).sum()) / ROWS_PER_DIRECTION)
    return Curvature(np.maximum(by_class, 0), class_vectors, by_feature, feature_vectors, damping)


def _find_damping(values: npt.NDArray[np.float64], n_trusted: float) -> float:
    damping = 0.0
    while (values / (values + damping + 1e-300)).sum() > max(n_trusted, 1):
        damping = max(2 * damping, 1e-6)
    return damping
