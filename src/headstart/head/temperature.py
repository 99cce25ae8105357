"""Temperature scaling: the one factor of the scores that calibrates their probabilities."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

FACTORS = 2.0 ** np.linspace(-2, 2, 33)
FINE_FACTORS = 2.0 ** np.linspace(-3, 3, 73)
PRIOR = 0.5
# Of the final factor of a head. Without the smoothing, photos that are all right would ask for the largest factor, and
# one confident mistake of the classifier would then cost more than all calibration gains.
# docs/decisions/0035-confidence.md has the measurement.
CAREFUL_PRIOR = 2.0
N_SMOOTHED = 1.0
MAX_SCORES = 2_000_000
STEP = 6  # between the factors that are tried first


def choose_factor(
    scores: npt.NDArray[np.float32], y: npt.NDArray[np.int64], *, factors: npt.NDArray[np.float64] = FACTORS,
    prior: float = PRIOR, n_smoothed: float = 0.0,
) -> float:  # fmt: skip
    """Return the factor that calibrates (N, C) scores for (N,) classes: the inverse temperature of Guo et al. (2017).

    Label smoothing makes a network underconfident, and longer training makes it more confident. Calibrated losses
    compare two networks fairly. If a few photos are all right, the likelihood alone would ask for an infinite factor.
    So it has a prior around 1, which a few dozen photos outweigh.

    Parameters
    ----------
    factors
        Factors to choose from.
    prior
        Weight of the squared binary logarithm of the factor, against the sum of the log losses.
    n_smoothed
        Number of wrong answers k that is added: the label counts for 1 - k / (N + 2 k), and the other classes for the
        rest, as in Platt 1999, "Probabilistic outputs for support vector machines".

    Examples
    --------
    >>> scores = np.tile(np.array([[2, 0], [0, 2], [2, 0]], np.float32), (100, 1))
    >>> factor = choose_factor(scores, np.tile([0, 1, 1], 100))  # two of three are right
    >>> round(float(1 / (1 + np.exp(-2 * factor))), 2)
    0.67
    """
    n, n_classes = scores.shape
    share = n_smoothed / (n + 2 * n_smoothed)

    def find_least(numbers: range) -> int:
        return min(numbers, key=lambda number: measure(float(factors[number])))

    @cache
    def measure(factor: float) -> float:
        loss = _measure_loss(factor * scores, y, share / (n_classes - 1))
        return float(loss + prior * math.log2(factor) ** 2 / n)

    near = find_least(range(0, len(factors), STEP))  # the loss has one valley
    return float(factors[find_least(range(max(0, near - STEP + 1), min(len(factors), near + STEP)))])


def choose_careful_factor(scores: npt.NDArray[np.float32], y: npt.NDArray[np.int64]) -> float:
    """Return the factor for the probabilities of a classifier, which stays near 1 if few photos speak against it.

    Of more than 2 million scores, evenly spaced rows are used.
    """
    rows = slice(None, None, max(1, scores.size // MAX_SCORES))
    return choose_factor(scores[rows], y[rows], factors=FINE_FACTORS, prior=CAREFUL_PRIOR, n_smoothed=N_SMOOTHED)


def compute_log_losses(scores: npt.NDArray[Any], y: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the (N,) log losses, in nats, of (N, C) scores for (N,) class numbers."""
    above = scores.astype(np.float64) - scores.max(1, keepdims=True)
    losses: npt.NDArray[np.float64] = np.log(np.exp(above).sum(1)) - above[np.arange(len(y)), y]
    return losses


def _measure_loss(scores: npt.NDArray[Any], y: npt.NDArray[np.int64], share: float) -> float:
    """Return the mean log loss if each class beside the label counts for ``share``, and the label for the rest."""
    own = compute_log_losses(scores, y)
    if not share:
        return float(own.mean())
    others = scores[np.arange(len(y)), y] * scores.shape[1] - scores.sum(1, dtype=np.float64)  # of own score above them
    return float((own + share * others).mean())
