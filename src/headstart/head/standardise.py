"""Standardise features to mean 0 and standard deviation 1, and fold the standardisation into the head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.float16 import widen
from headstart.head.linear import LinearHead
from headstart.head.parallel_rows import map_blocks, sum_blocks
from headstart.storage.large_arrays import allocate_array


@dataclass(frozen=True, eq=False)
class Standardisation:
    """The mean to subtract from D features, and the scale to divide them by.

    Attributes
    ----------
    mean, scale
        (D,) float64. ``scale`` is the standard deviation or a floor, the larger; 1 for a constant feature.
    """

    mean: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]

    def apply(self, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return (N, D + 1): the standardised features, and a column of ones for the bias."""
        out = allocate_array((len(X), X.shape[1] + 1), X.dtype)
        map_blocks(lambda rows: self.write(X[rows], out[rows]), X, out)
        return out

    def write(self, X: npt.NDArray[Any], out: npt.NDArray[Any]) -> None:
        """Write the result of `apply` into an array (N, D + 1) of the type of ``X``; of float32 if ``X`` is float16."""
        features = out[:, :-1]
        if X.dtype == np.float16:
            widen(X, features)
            X = features
        np.subtract(X, self.mean.astype(out.dtype), out=features)
        features *= (1 / self.scale).astype(out.dtype)
        out[:, -1] = 1

    def fold_in(self, coefficients: npt.NDArray[Any]) -> LinearHead:
        """Return a head for raw features, from coefficients for standardised ones, the bias last: (C, D + 1).

        For two classes they may be (1, D + 1): the log odds of class 1 against class 0. Then class 1 gets half of these
        coefficients, and class 0 the same with the opposite sign.
        """
        if len(coefficients) == 1:
            coefficients = np.concatenate([-coefficients / 2, coefficients / 2])
        weights = coefficients[:, :-1].astype(np.float64) / self.scale
        bias = coefficients[:, -1] - weights @ self.mean
        return LinearHead(np.ascontiguousarray(weights.T, np.float32), bias.astype(np.float32))


def measure_standardisation(
    X: npt.NDArray[Any], weight: npt.NDArray[np.float64], *, floor: float = 0.0
) -> Standardisation:
    """Measure the weighted mean and standard deviation of each of D finite features.

    The weights (N,) are at least 0, not all 0. ``floor`` is the smallest scale of a feature, as a multiple of the
    median standard deviation. A constant feature has the scale 1.

    Examples
    --------
    >>> measure_standardisation(np.array([[1.0, 5.0], [3.0, 5.0]]), np.ones(2))
    Standardisation(mean=array([2., 5.]), scale=array([1., 1.]))
    """
    share = weight / weight.sum()
    # float64 and two passes, so that nothing cancels
    mean = sum_blocks(lambda rows: share[rows] @ X[rows].astype(np.float64), X)
    variance = sum_blocks(lambda rows: share[rows] @ np.square(X[rows] - mean), X)
    return make_standardisation(mean, variance, X.dtype, floor=floor)


def make_standardisation(
    mean: npt.NDArray[np.float64], variance: npt.NDArray[np.float64], dtype: npt.DTypeLike, *, floor: float
) -> Standardisation:
    """Make a standardisation from the mean and variance (D,) of features in ``dtype``."""
    # a feature that varies less than its rounding errors is constant: to divide by that would amplify noise
    rounding = 10 * float(np.finfo(np.dtype(dtype)).eps) * np.sqrt(mean**2 + variance) + 1e-20
    scale = np.sqrt(variance)
    if floor:
        scale = np.maximum(scale, floor * np.median(scale))
    scale[scale <= rounding] = 1.0
    return Standardisation(mean, scale)
