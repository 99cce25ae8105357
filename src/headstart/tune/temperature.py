"""Temperature scaling: the one factor of the scores that calibrates their probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FACTORS = 2.0 ** np.linspace(-2, 2, 33)


def choose_factor(scores: npt.NDArray[np.float32], y: npt.NDArray[np.int64]) -> float:
    """Return the factor that calibrates (N, C) scores for (N,) classes: the inverse temperature of Guo et al. (2017).

    Label smoothing makes a network underconfident, and longer training makes it more confident. Calibrated losses
    compare two networks fairly. If a few photos are all right, the likelihood alone would ask for an infinite factor.
    So it has a prior around 1, which a few dozen photos outweigh.

    Examples
    --------
    >>> scores = np.tile(np.array([[2, 0], [0, 2], [2, 0]], np.float32), (100, 1))
    >>> factor = choose_factor(scores, np.tile([0, 1, 1], 100))  # two of three are right
    >>> round(float(1 / (1 + np.exp(-2 * factor))), 2)
    0.67
    """
    losses = np.array([compute_log_losses(factor * scores, y).mean() for factor in FACTORS])
    best = int(np.argmin(losses + 0.5 * np.log2(FACTORS) ** 2 / len(y)))
    return float(FACTORS[best])


def compute_log_losses(scores: npt.NDArray[Any], y: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the (N,) log losses, in nats, of (N, C) scores for (N,) class numbers."""
    above = scores.astype(np.float64) - scores.max(1, keepdims=True)
    losses: npt.NDArray[np.float64] = np.log(np.exp(above).sum(1)) - above[np.arange(len(y)), y]
    return losses
