"""Replace thousands of features by their principal components, so that heads are fitted in a fraction of the time.

A head for the components is a linear head for the features: nothing else has to know of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.lbfgs import Precondition
from headstart.head.linear import LinearHead
from headstart.head.parallel_rows import map_blocks, use_one_blas_thread
from headstart.head.standardise import Standardisation
from headstart.head.training_rows import PreparedRows
from headstart.storage.large_arrays import allocate_array

# With 256 to 5,000 components heads on 4,664 features were as accurate; with 600 rows in place of 1,024 less accurate.
N_COMPONENTS = 512
N_ROWS = 1024  # that the components are computed from; of more rows, a random part
SMALLEST = 1e-5  # of the largest variance; smaller ones are rounding
# Second derivative of the loss by a score. That of a fitted head is larger: then the solver shortens its first step,
# and measures the scale along it. From 0.02 to 0.25 the iterations are as many.
LEAST_CURVATURE = 0.02


@dataclass(frozen=True, eq=False)
class Reduction(Standardisation):
    """A standardisation of D features, and the directions of their components.

    Attributes
    ----------
    basis
        (D, R) float32, orthonormal columns: the components are the standardised features times it.
    """

    basis: npt.NDArray[np.float32]

    def apply(self, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return (N, R + 1): the components of N rows of features, and a column of ones for the bias."""
        out = allocate_array((len(X), self.basis.shape[1] + 1), X.dtype)

        def write(rows: slice) -> None:
            standardised = np.empty((len(X[rows]), X.shape[1] + 1), X.dtype)
            self.write(X[rows], standardised)
            np.matmul(standardised[:, :-1], self.basis, out=out[rows, :-1])
            out[rows, -1] = 1

        map_blocks(write, X, out)
        return out

    def fold_in(self, coefficients: npt.NDArray[Any]) -> LinearHead:
        """Return a head for raw features from coefficients for components; otherwise as `Standardisation.fold_in`."""
        weights = coefficients[:, :-1] @ self.basis.T
        return super().fold_in(np.concatenate([weights, coefficients[:, -1:]], axis=1))


def make_precondition(prepared: PreparedRows, ridge: npt.NDArray[Any]) -> Precondition | None:
    """Return an initial inverse Hessian for `minimise`, which halves the iterations; None for rows without components.

    Components are uncorrelated, so the Hessian of the loss is nearly diagonal, with their variances. ``ridge`` (P, J)
    is the second derivative of the penalty.
    """
    if not isinstance(prepared.standardisation, Reduction):
        return None
    variances = np.square(prepared.Z).mean(axis=0, dtype=np.float64)
    hessian = LEAST_CURVATURE * np.tile(variances, ridge.shape[1] // len(variances)) + ridge
    inverse = (1 / hessian).astype(prepared.Z.dtype)
    return lambda direction: direction * inverse


def reduce_rows(prepared: PreparedRows, *, n_components: int = N_COMPONENTS, seed: int = 0) -> PreparedRows:
    """Return the rows with their principal components in place of the features; as they are if there are no more.

    Parameters
    ----------
    seed
        Seed of the rows that the components are computed from, if there are more than 1,024.

    Examples
    --------
    >>> from headstart.head.training_rows import prepare_rows
    >>> X = np.random.default_rng(0).normal(size=(9, 40)).astype(np.float32)
    >>> prepared = prepare_rows(X, np.arange(9) % 2, n_classes=2)
    >>> reduce_rows(prepared, n_components=4).Z.shape, reduce_rows(prepared, n_components=20).Z.shape
    ((9, 5), (9, 9))
    """
    Z = prepared.Z[:, :-1]
    if Z.shape[1] <= n_components:
        return prepared
    chosen = Z
    if len(Z) > N_ROWS:
        chosen = Z[np.sort(np.random.default_rng(seed).choice(len(Z), N_ROWS, replace=False))]
    with use_one_blas_thread():
        variances, directions = np.linalg.eigh(chosen @ chosen.T)
        at = np.flatnonzero(variances > SMALLEST * variances[-1])[::-1][:n_components]
        basis = chosen.T @ (directions[:, at] / np.sqrt(variances[at]))
    old = prepared.standardisation
    reduction = Reduction(old.mean, old.scale, np.ascontiguousarray(basis, Z.dtype))
    reduced = allocate_array((len(Z), len(at) + 1), Z.dtype)

    def write(rows: slice) -> None:
        np.matmul(Z[rows], reduction.basis, out=reduced[rows, :-1])
        reduced[rows, -1] = 1

    map_blocks(write, Z, reduced)
    return replace(prepared, standardisation=reduction, Z=reduced)
