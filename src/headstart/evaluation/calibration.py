"""Calibration: a classifier that says 90% should be right nine times in ten."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

N_BINS = 15


class CalibrationBin(TypedDict):
    """The photos whose top probability falls into one bin; means are None where there is no photo."""

    confidence: float | None
    accuracy: float | None
    n: int


def bin_confidence(
    confidence: NDArray[np.float64], is_right: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[float, list[CalibrationBin]]:
    """Compute the expected calibration error and the bins it is made of.

    Parameters
    ----------
    confidence
        float64 (N,), 0 to 1. The top probability of each photo.
    is_right
        bool (N,). True where the top class is the true one.
    weights
        float64 (N,), at least 0, not all 0. The weight of each photo.

    Returns
    -------
    float
        The mean over photos of the gap between confidence and accuracy of their bin, 0 (honest) to 1.
    list of CalibrationBin
        All 15 bins of equal width from 0 to 1, empty ones too: bin i holds confidences in (i / 15, (i + 1) / 15].

    Notes
    -----
    Guo et al. 2017, "On calibration of modern neural networks", equation 3.

    Examples
    --------
    >>> error, bins = bin_confidence(np.array([0.9, 0.9]), np.array([True, False]), np.ones(2))
    >>> round(error, 3), bins[13]["n"], bins[13]["accuracy"]
    (0.4, 2, 0.5)
    """
    places = np.clip(np.ceil(confidence * N_BINS).astype(np.int64) - 1, 0, N_BINS - 1)
    totals = np.bincount(places, weights, N_BINS)
    confidences = np.bincount(places, weights * confidence, N_BINS)
    rights = np.bincount(places, weights * is_right, N_BINS)
    counts = np.bincount(places, minlength=N_BINS)
    error = float(np.abs(confidences - rights).sum() / totals.sum())
    bins: list[CalibrationBin] = [
        {
            "confidence": float(confidences[i] / totals[i]) if totals[i] > 0 else None,
            "accuracy": float(rights[i] / totals[i]) if totals[i] > 0 else None,
            "n": int(counts[i]),
        }
        for i in range(N_BINS)
    ]
    return error, bins
