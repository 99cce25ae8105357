"""The curvature of the log loss over some rows, inverted: what makes few steps over all rows enough.

The Hessian of row i is the Kronecker product of A_i = diag(p_i) - p_i p_i', by its scores, and z_i z_i'. The mean of
that, (K * (D + 1)) ** 2 numbers, is too large to hold for more than a few classes, so it is simplified:

- One matrix for each class, p (1 - p) z z': what the classes have to do with each other is left out. For two classes,
  which have one column of scores, nothing is.
- Where that takes too much memory, the product of the means (as in Martens and Grosse 2015, "Optimizing neural networks
  with Kronecker-factored approximate curvature"), with z_i z_i' weighted by the trace of A_i. On 200,000 rows of 1,280
  features and 10 classes it took 19 steps where matrices for each class took 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from headstart.head.linear import softmax
from headstart.head.parallel_rows import map_items
from headstart.storage.large_arrays import release_rows

MOST_BYTES = 256 << 20  # of matrices for each class
CHUNK_ROWS = 2048  # of a product (D + 1, D + 1) at a time
# Few rows say nothing of most directions, and little of the rest. 2, 4 and 8 differ little on 300 to 1,600 rows.
ROWS_PER_DIRECTION = 4
# Rows that the head is all but sure of count for a little: of other rows it is less sure.
LEAST_TRACE = 1e-3
Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


class Curvature(Protocol):
    """The inverse of an approximate Hessian with its ridge."""

    def divide(self, gradient: Array) -> Array:
        """Return a gradient (1, K * (D + 1)) divided by the Hessian."""
        ...


@dataclass(frozen=True, eq=False)
class CurvatureByClass:
    """A matrix for each class: ``inverses`` is (K, D + 1, D + 1)."""

    inverses: Floats

    def divide(self, gradient: Array) -> Array:
        """Divide each class's part by its own matrix."""
        by_class: Array = np.matmul(self.inverses, gradient.reshape(len(self.inverses), -1, 1))[..., 0]
        if len(by_class) > 1:  # what is common to all classes changes no answer, and must not drift
            by_class -= by_class.mean(axis=0)
        return by_class.reshape(1, -1)


@dataclass(frozen=True, eq=False)
class SharedCurvature:
    """The product of one matrix of the classes and one of the features, by their eigenvectors.

    Attributes
    ----------
    class_vectors, feature_vectors
        (C, C) and (D + 1, D + 1).
    inverses
        (C, D + 1), of the product's eigenvalues with the ridge.
    """

    class_vectors: Floats
    feature_vectors: Floats
    inverses: Floats

    def divide(self, gradient: Array) -> Array:
        """Divide along the eigenvectors."""
        turned = self.class_vectors.T @ gradient.reshape(len(self.inverses), -1) @ self.feature_vectors
        divided: Array = self.class_vectors @ (turned * self.inverses) @ self.feature_vectors.T
        return divided.reshape(1, -1)


def measure_curvature(Z: Array, scores: Array, share: Floats, ridge: float) -> Curvature:
    """Measure the curvature at given scores.

    Parameters
    ----------
    Z
        (N, D + 1), the last column all ones.
    scores
        (N, K), one column of log odds for two classes.
    share
        (N,) of each row in the mean, summing to 1.
    ridge
        Of the mean objective over all rows.

    Notes
    -----
    Costs N * (D + 1) ** 2 multiplications for each matrix, and their inversion: for 50,000 rows of 1,280 features some
    4 s each on 2 cores.
    """
    is_one = scores.shape[1] == 1
    p = softmax(np.hstack([np.zeros_like(scores), scores]) if is_one else scores)
    p = p[:, 1:] if is_one else p
    n_trusted = max(1.0, np.count_nonzero(share) / ROWS_PER_DIRECTION)
    n_columns, n_inputs = p.shape[1], Z.shape[1]
    if n_columns * n_inputs**2 * 8 <= MOST_BYTES or is_one:
        inverses = np.empty((n_columns, n_inputs, n_inputs))
        for column in range(n_columns):
            spread = p[:, column] * (1 - p[:, column])
            hessian = _multiply(Z, share * np.maximum(spread, LEAST_TRACE / n_columns))
            hessian[np.diag_indices(n_inputs)] += ridge + _find_damping(hessian, n_trusted)
            inverses[column] = np.linalg.inv(hessian)
        return CurvatureByClass(inverses)
    by_class, class_vectors = np.linalg.eigh(np.diag(share @ p) - (p * share[:, None]).T @ p)
    trace = share * np.maximum((p * (1 - p)).sum(axis=1), LEAST_TRACE)
    gram = _multiply(Z, trace / trace.sum())
    damping = _find_damping(gram, n_trusted)
    by_feature, feature_vectors = np.linalg.eigh(gram)
    values = by_class[:, None] * (by_feature + damping) + ridge
    is_moved = by_class[:, None] > 1e-9 * by_class.max()  # what is common to all classes is not
    return SharedCurvature(
        class_vectors, feature_vectors, np.divide(1, values, out=np.zeros_like(values), where=is_moved)
    )


def _multiply(Z: Array, weight: Floats) -> Floats:
    """Return the sum of weight * z z' over the rows, (D + 1, D + 1)."""

    def work(rows: slice) -> Array:
        product: Array = (Z[rows] * weight[rows, None].astype(Z.dtype)).T @ Z[rows]
        release_rows(Z[rows])
        return product

    total = np.zeros((Z.shape[1], Z.shape[1]))
    for product in map_items(work, [slice(n, n + CHUNK_ROWS) for n in range(0, len(Z), CHUNK_ROWS)]):
        total += product
    return (total + total.T) / 2


def _find_damping(hessian: Floats, n_trusted: float) -> float:
    """Return what to add to the diagonal, so that no more directions stand out than there are rows for."""
    least = 1e-9 * float(np.trace(hessian))  # what is left of a direction after rounding
    if len(hessian) <= n_trusted:
        return least
    values, damping = np.maximum(np.linalg.eigvalsh(hessian), 0), least
    while (values / (values + damping)).sum() > n_trusted:
        damping *= 2
    return damping
