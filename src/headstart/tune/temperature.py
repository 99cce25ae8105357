"""How confident scores should be: the one number that probabilities are calibrated with."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FACTORS = 2.0 ** np.linspace(-2, 2, 33)


def choose_factor(scores: npt.NDArray[np.float32], y: npt.NDArray[np.int64]) -> float:
    """Return what scores should be multiplied by (temperature scaling, Guo et al. 2017).

    Label smoothing makes a network less confident than it is right to be, and training longer makes it more so. Two
    networks compare fairly by what each knows, with its confidence set right. A few photos that are all named right
    would ask for any confidence: a factor is held likely to lie near 1, which some dozens of photos outweigh.

    Parameters
    ----------
    scores
        (N, C).
    y
        (N,) class numbers.

    Examples
    --------
    >>> scores = np.tile(np.array([[2, 0], [0, 2], [2, 0]], np.float32), (100, 1))
    >>> factor = choose_factor(scores, np.tile([0, 1, 1], 100))  # right twice out of three times
    >>> round(float(1 / (1 + np.exp(-2 * factor))), 2)
    0.67
    """
    losses = np.array([compute_log_loss(factor * scores, y) for factor in FACTORS])
    best = int(np.argmin(losses + 0.5 * np.log2(FACTORS) ** 2 / len(y)))
    return float(FACTORS[best])


def compute_log_loss(scores: npt.NDArray[Any], y: npt.NDArray[np.int64]) -> float:
    """Return the mean log loss, in nats, of (N, C) scores for (N,) class numbers."""
    return float(compute_log_losses(scores, y).mean())


def compute_log_losses(scores: npt.NDArray[Any], y: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the (N,) log losses, in nats, of (N, C) scores for (N,) class numbers."""
    above = scores.astype(np.float64) - scores.max(1, keepdims=True)
    losses: npt.NDArray[np.float64] = np.log(np.exp(above).sum(1)) - above[np.arange(len(y)), y]
    return losses
