"""Quantiles of Student's t distribution, for intervals from a few numbers."""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

from headstart.errors import EvaluationError

MANY = 1e6  # degrees of freedom; above it, one term beside the normal quantile gives 12 digits
TINY = 1e-300  # in place of a 0 in a denominator of the continued fraction
PRECISION = 1e-15


@cache
def t_quantile(p: float, df: float) -> float:
    """Return the value that a variable of Student's t distribution is below with probability ``p``.

    Parameters
    ----------
    p
        Probability, between 0 and 1.
    df
        Degrees of freedom, above 0.

    Raises
    ------
    EvaluationError
        If a number is outside its range.

    Notes
    -----
    Found by bisection; the probability of a value is an incomplete beta function. scipy has it too, and is not
    installed with the package.

    Examples
    --------
    >>> round(t_quantile(0.975, 4), 3)
    2.776
    """
    if not (0 < p < 1 and df > 0):
        raise EvaluationError(
            f"Cannot compute a quantile: got probability {p} and {df} degrees of freedom, need a probability between 0 "
            "and 1 and more than 0 degrees of freedom. Check the numbers."
        )
    if p < 0.5:
        return -t_quantile(1 - p, df)
    if df > MANY:  # Abramowitz and Stegun 1964, 26.7.5
        z = NormalDist().inv_cdf(p)
        return z + (z**3 + z) / (4 * df)
    low, high = 0.0, 1.0
    while _measure_tail(high, df) > 1 - p:
        low, high = high, 2 * high
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _measure_tail(middle, df) > 1 - p else (low, middle)
    return high if low else 0.0


def _measure_tail(t: float, df: float) -> float:
    """Return the probability of a value above ``t``, which is at least 0."""
    square = t * t
    return integrate_beta(df / (df + square), square / (df + square), df / 2, 0.5) / 2


def integrate_beta(x: float, rest: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function of x, given ``rest``, 1 - x without its rounding error."""
    if x <= 0 or rest <= 0:
        return float(rest <= 0)
    if x > (a + 1) / (a + b + 2):  # on this side the continued fraction converges slowly
        return 1 - integrate_beta(rest, x, b, a)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest)
    return math.exp(scale) * _evaluate_fraction(x, a, b) / a


def _evaluate_fraction(x: float, a: float, b: float) -> float:
    """Evaluate the continued fraction of the incomplete beta function: Abramowitz and Stegun 1964, 26.5.8.

    By the method of Lentz 1976, "Generating Bessel functions in Mie scattering calculations using continued fractions".
    """
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or TINY)
    value, term = d, 0
    while True:
        term += 1
        for coefficient in (
            term * (b - term) * x / ((a + 2 * term - 1) * (a + 2 * term)),
            -(a + term) * (a + b + term) * x / ((a + 2 * term) * (a + 2 * term + 1)),
        ):
            d, c = 1 / (1 + coefficient * d or TINY), 1 + coefficient / c or TINY
            value *= c * d
        if abs(c * d - 1) < PRECISION:
            return value
