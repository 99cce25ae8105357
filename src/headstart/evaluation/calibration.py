"""Calibration: a classifier that says 90% should be right nine times in ten."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

N_BINS = 15


class CalibrationBin(TypedDict):
    """The photos whose top probability lies in one bin. The means are None if the bin is empty."""

    confidence: float | None
    accuracy: float | None
    n: int


def bin_confidence(
    confidence: NDArray[np.float64], is_right: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[float, list[CalibrationBin]]:
    """Compute the expected calibration error and its bins.

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
        Mean over photos of the gap between the confidence and the accuracy of their bin, 0 (calibrated) to 1.
    list of CalibrationBin
        All 15 bins, of equal width from 0 to 1: bin i holds the confidences in (i / 15, (i + 1) / 15].

    Notes
    -----
    Guo et al. 2017, "On calibration of modern neural networks", equation 3.
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
