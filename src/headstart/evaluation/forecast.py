"""Forecast the error with more photos: a power law through the errors of heads that learned from fewer photos.

The error falls as n^-b with the number n of training photos (Hestness et al. 2017, arXiv 1712.00409). The exponent b is
estimated from heads that learned from a quarter, a half and three quarters of the photos, with a prior, because few
photos say little about it. The level is that of cross-validation. docs/decisions/0054-forecast.md
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Exponents on photos as different as cats and dogs, leaves and solar cells are 0.1 to 0.4.
PRIOR, PRIOR_SD = 0.25, 0.15
MISFIT = 0.03  # relative error of a point beside chance: the law is not exact
SHARED = 0.5  # of the variance: points judge the same photos, so that a part of their chance is common
DRIFT = 0.1  # standard deviation of the exponent beyond the measured sizes
# Of the variance of independent answers, as for the interval of cross-validation (docs/decisions/0034-intervals.md)
VARIANCE_FACTOR = 1.25
Z80 = 1.2815515655446004  # of a normal distribution, 80% lie within this many standard deviations
MOST = 10.0  # times the photos; a forecast further out rests on the law alone
N_STEPS = 200


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Errors of heads that learned from a part of the photos.

    Attributes
    ----------
    n_fitted
        Number of photos that each head learned from, on average.
    n_judged, n_wrong
        Number of answers by these heads for other photos, and how many of them were wrong.
    """

    n_fitted: float
    n_judged: int
    n_wrong: int

    @property
    def error(self) -> float:
        """Share of wrong answers, moved a little from 0 and 1, whose logarithms say nothing."""
        return (self.n_wrong + 0.5) / (self.n_judged + 1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """A forecast of the accuracy with more photos.

    Attributes
    ----------
    n_photos
        Number of photos that were judged, each by a head that learned without it.
    n_fitted
        Number of photos that each of these heads learned from.
    error
        Share of wrong answers.
    exponent, exponent_sd
        Exponent b of the law, and its standard deviation.
    measured, measured_sd
        The same without the prior. They say whether the error fell at all.
    points
        ``factor`` of the photos and accuracy of each point, moved to the level of cross-validation.
    """

    n_photos: int
    n_fitted: float
    error: float
    exponent: float
    exponent_sd: float
    measured: float
    measured_sd: float
    points: tuple[tuple[float, float], ...] = ()

    def expect(self, factor: float) -> tuple[float, float, float]:
        """Return the accuracy with ``factor`` times the photos, and the limits of its 80% interval.

        Examples
        --------
        >>> [round(share, 3) for share in Forecast(1000, 800, 0.1, 0.25, 0.05, 0.3, 0.1).expect(2)]
        [0.916, 0.9, 0.929]
        """
        step = math.log(factor)
        level, spread = math.log(self.error) - self.exponent * step, Z80 * self._measure_spread(step)
        return tuple(1 - min(1.0, math.exp(level + sign * spread)) for sign in (0, 1, -1))  # type: ignore[return-value]

    def _measure_spread(self, step: float) -> float:
        """Return the standard deviation of the logarithm of the error."""
        level = VARIANCE_FACTOR * (1 - self.error) / (self.error * self.n_photos)
        return math.sqrt(level + (self.exponent_sd**2 + DRIFT**2) * step**2)

    def find_number(self, accuracy: float) -> tuple[float | None, float | None, float | None]:
        """Return how many times the photos reach an accuracy, and the limits of the 80% interval.

        None: more than ten times. 1: the photos at hand may suffice.

        Examples
        --------
        >>> Forecast(1000, 800, 0.1, 0.25, 0.05, 0.3, 0.1).find_number(0.915)
        (1.93, 1.11, 6.29)
        """
        factors = np.geomspace(1, MOST, N_STEPS)
        expected = np.array([self.expect(factor) for factor in factors])
        found = [np.flatnonzero(expected[:, column] >= accuracy) for column in (0, 2, 1)]
        return tuple(round(float(factors[at[0]]), 2) if len(at) else None for at in found)  # type: ignore[return-value]


def fit_forecast(points: Sequence[CurvePoint], n_right: int, n_judged: int, n_fitted: float) -> Forecast:
    """Fit the law to points, and take the level of cross-validation.

    Parameters
    ----------
    points
        At least two, of different sizes. Their heads may be of another kind than those of cross-validation.
    n_right, n_judged
        Number of photos that cross-validation judged, and how many of the answers were right.
    n_fitted
        Number of photos that the heads of cross-validation learned from.
    """
    x = np.log([point.n_fitted for point in points])
    errors = np.array([point.error for point in points])
    n = np.minimum([point.n_judged for point in points], n_judged)  # a photo that several heads judge is one photo
    precision = 1 / (SHARED * (1 - errors) / (errors * n) + MISFIT**2)
    centre = float(precision @ x / precision.sum())
    power = float(precision @ (x - centre) ** 2)
    measured = -float(precision @ ((x - centre) * np.log(errors))) / power
    told = PRIOR_SD**-2  # precision of the prior: weighted least squares with a normal prior of b alone
    exponent = (power * measured + told * PRIOR) / (power + told)
    level = CurvePoint(n_fitted, n_judged, n_judged - n_right).error
    # the points as they would be if the law through their centre met the level of cross-validation
    steps = x - math.log(n_fitted)
    rest = np.log(errors) + exponent * steps
    moved = 1 - level * np.exp(np.log(errors) - float(precision @ rest / precision.sum()))
    points_moved = tuple(zip(np.exp(steps).tolist(), np.clip(moved, 0, 1).tolist(), strict=True))
    return Forecast(n_judged, n_fitted, level, exponent, (power + told) ** -0.5, measured, power**-0.5, points_moved)
