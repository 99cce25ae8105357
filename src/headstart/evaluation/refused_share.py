"""How likely chance alone refuses as many photos as were refused."""

from __future__ import annotations

from math import lgamma

import numpy as np

OFTEN, CHANCE = 2.0, 0.001  # times the promised share; probability that chance refuses as many


def is_refused_often(refused: float, refuse: float, p: float) -> bool:
    """Say whether far more photos are refused than promised, and not by chance."""
    return refused > OFTEN * refuse and p < CHANCE


def find_refusal_p(n_refused: float, n: float, refuse: float, n_units: int) -> float:
    """Return the probability that of ``n`` photos like the classifier's own as many or more are refused.

    The share that is refused was itself measured on a limited number of photos: it has a beta distribution over these,
    so that the number of refused photos has a beta-binomial one (Vovk 2012, "Conditional validity of inductive
    conformal predictors").

    Parameters
    ----------
    n_refused, n
        Number of refused photos, and of all; of photos in groups, the numbers of as many independent photos.
    refuse
        Share of own photos that may be refused.
    n_units
        Number of photos that the share was measured on.

    Examples
    --------
    >>> [round(find_refusal_p(n, 1000, 0.01, 2000), 3) for n in (0, 10, 21, 30)]
    [1.0, 0.518, 0.009, 0.0]
    """
    if n_refused <= 0:
        return 1.0
    total = round(n)
    first = min(total, round(n_refused))
    a = max(1.0, refuse * (n_units + 1))
    b = max(1.0, n_units + 1 - a)
    j = np.arange(total)
    steps = np.log(total - j) - np.log(j + 1) + np.log(j + a) - np.log(total - j - 1 + b)
    start = lgamma(total + b) - lgamma(b) + lgamma(a + b) - lgamma(total + a + b)  # of none
    chances = np.exp(start + np.concatenate([[0.0], np.cumsum(steps)]))
    return float(min(1.0, chances[first:].sum()))
