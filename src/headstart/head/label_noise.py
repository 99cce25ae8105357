"""Estimate how many labels are wrong, by scores of heads that were fitted without the photos.

docs/decisions/0043-photos-to-look-at.md has the measurements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.temperature import compute_log_losses

FACTORS = 2.0 ** np.arange(-2, 4.01, 0.25)
LARGEST_SHARE = 0.4  # of two classes, half of the labels wrong at random would leave nothing to learn from
N_HALVINGS = 12  # of the interval of the share: to 0.01 points
MAX_SCORES = 300_000
LEAST = 1e-9  # probability of a label

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LabelNoise:
    """How many of N labels are wrong.

    Attributes
    ----------
    share
        Share of the labels that are wrong, 0 to 0.4.
    gain
        How much higher the log likelihood of the labels is than with no wrong label, in nats.
    is_wrong
        (N,) float64 probability of each label to be wrong.
    """

    share: float
    gain: float
    is_wrong: Floats


def estimate_label_noise(scores: npt.NDArray[np.float32], y: npt.NDArray[np.int64]) -> LabelNoise:
    """Estimate the share of wrong labels from held-out scores (N, C) and the labels (N,).

    The model: a label is that of the photo with probability 1 - e, and else one of the others, all equally likely.
    Softmax of the scores times a factor gives the class of the photo. Share e and factor have the highest likelihood. A
    hard set gets a low factor, and a set with wrong labels a share: confident answers to most photos and a clear
    contradiction for some cannot be had by one factor. Of more than 300,000 scores, evenly spaced rows are used.

    Examples
    --------
    >>> margin = np.linspace(-9, 9, 2000)  # log odds of class 1; equal ones would not tell a share from a factor
    >>> scores = np.stack([-margin / 2, margin / 2], 1).astype(np.float32)
    >>> y = (margin > 0).astype(np.int64)
    >>> y[::10] = 1 - y[::10]
    >>> round(estimate_label_noise(scores, y).share, 2)
    0.1
    """
    some = slice(None, None, max(1, scores.size // MAX_SCORES))
    n_others = scores.shape[1] - 1
    best, plain = (-np.inf, 0.0, 1.0), -np.inf
    for factor in FACTORS.tolist():
        own = _compute_own(scores[some], y[some], factor)
        slope = (1 - own) / n_others - own
        share = _find_share(own, slope)
        plain = max(plain, float(np.log(own).sum()))
        best = max(best, (float(np.log(own + share * slope).sum()), share, factor))
    likelihood, share, factor = best
    own = _compute_own(scores, y, factor)
    by_chance = share * (1 - own) / n_others
    return LabelNoise(share, likelihood - plain, by_chance / (by_chance + (1 - share) * own))


def _compute_own(scores: npt.NDArray[Any], y: npt.NDArray[np.int64], factor: float) -> Floats:
    """Return (N,) probabilities of the labels."""
    own: Floats = np.exp(-compute_log_losses(scores * np.float32(factor), y)).clip(LEAST, 1)
    return own


def _find_share(own: Floats, slope: Floats) -> float:
    """Return the share with the highest likelihood, which is concave in the share: where its derivative is 0."""
    if float((slope / own).sum()) <= 0:
        return 0.0
    low, high = 0.0, LARGEST_SHARE
    for _ in range(N_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if float((slope / (own + middle * slope)).sum()) > 0 else (low, middle)
    return (low + high) / 2
