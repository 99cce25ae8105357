"""The confidence interval of a share that was counted on a limited number of photos."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from headstart.errors import EvaluationError
from headstart.evaluation.student_t import t_quantile

# Weight of an intraclass correlation of 1 against the measured one, in groups with and without mistakes.
# docs/decisions/0034-intervals.md
PRIOR_GROUPS = 1


def wilson_interval(n_right: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Compute the Wilson score interval of a share, given ``n_right`` right answers out of ``n``.

    Parameters
    ----------
    n_right
        Number of right answers, 0 to ``n``. Weighted photos may make it fractional.
    n
        Number of answers. If it is 0, the interval is (0, 1).
    confidence
        Probability that such an interval contains the true share, between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper bound, in [0, 1]. The interval contains ``n_right / n``.

    Raises
    ------
    EvaluationError
        If a number is outside its range.

    Notes
    -----
    Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22, without the
    correction for continuity. The textbook interval p +- z sqrt(p (1 - p) / n) was rejected: it has no width if all
    answers are right, as they often are for a good classifier on a small test set.

    Examples
    --------
    >>> low, high = wilson_interval(989, 1000)
    >>> round(low, 3), round(high, 3)
    (0.98, 0.994)
    """
    if not (0 <= n_right <= n and 0 < confidence < 1):
        raise EvaluationError(
            f"Cannot compute an interval: got {n_right} right of {n} at confidence {confidence}, need "
            "0 <= right <= n and a confidence between 0 and 1. Check the counts."
        )
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = n_right / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * (share * (1 - share) / n + spread / (4 * n)) ** 0.5
    # a bound is exactly 0 or 1 if no answer, or every answer, is right; rounding must not change that
    low = 0.0 if n_right == 0 else max(0.0, min(centre - half, share))
    high = 1.0 if n_right == n else min(1.0, max(centre + half, share))
    return low, high


def bound_share(
    is_right: NDArray[np.bool_], weights: NDArray[np.float64], groups: Sequence[str] | NDArray[np.str_] | None = None,
    *, variance_factor: float = 1.0,
) -> list[float]:  # fmt: skip
    """Return the 95% interval of a weighted share: Wilson's, for an effective number of photos.

    Parameters
    ----------
    is_right
        bool (N,).
    weights
        float64 (N,), at least 0.
    groups
        (N,) names. Photos of one group are right or wrong together more often than by chance. None: no two photos share
        a group.
    variance_factor
        Factor by which the variance is larger than that of independent answers, for another reason than groups.

    Notes
    -----
    Without groups, the effective number is that of Kish, (sum w)^2 / sum w^2: with equal weights the number of photos.
    With groups, it is divided by the design effect, the variance of a sample of groups over that of a sample of photos
    (Korn and Graubard 1998, "Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data", Survey Methodology 24), and the normal quantile is replaced by that of Student's t. The
    design effect is 1 for an intraclass correlation of 0, and that of whole groups for 1. A few mistakes tell little
    about this correlation: it is shrunk towards 1, so that ten groups without a mistake count as ten photos.

    Examples
    --------
    >>> [round(bound, 2) for bound in bound_share(np.ones(60, bool), np.ones(60))]
    [0.94, 1.0]
    >>> [round(bound, 2) for bound in bound_share(np.ones(60, bool), np.ones(60), ["a", "b", "c", "d", "e", "f"] * 10)]
    [0.48, 1.0]
    """
    total = weights.sum()
    if total <= 0:
        return [0.0, 1.0]
    share = min(float(weights[is_right].sum() / total), 1.0)
    n_effective = count_effective(is_right, weights, groups) / variance_factor
    return list(wilson_interval(share * n_effective, n_effective))


def count_effective(
    is_right: NDArray[np.bool_] | NDArray[np.float64], weights: NDArray[np.float64],
    groups: Sequence[str] | NDArray[np.str_] | None = None,
) -> float:  # fmt: skip
    """Return the number of independent photos that would tell as much about a share as these; see `bound_share`.

    Parameters
    ----------
    is_right
        (N,) bool, or the share of right answers to each photo, if several heads answered.

    Examples
    --------
    >>> round(count_effective(np.arange(60) % 6 > 0, np.ones(60), [str(n % 6) for n in range(60)]))
    3
    """
    total = float(weights.sum())
    n_kish = total**2 / float((weights**2).sum())
    if groups is None or len(set(groups)) == len(groups):
        return n_kish
    share = min(float(weights @ is_right) / total, 1.0)
    return _count_independent(is_right, weights, np.asarray(groups), share, n_kish)


def _count_independent(
    is_right: NDArray[np.bool_] | NDArray[np.float64], weights: NDArray[np.float64], groups: NDArray[np.str_],
    share: float, n_kish: float,
) -> float:  # fmt: skip
    """Return the number of photos without groups that would tell as much about a share as these."""
    _, numbers = np.unique(groups, return_inverse=True)
    size, right = np.bincount(numbers, weights), np.bincount(numbers, weights * is_right)
    size, right = size[size > 0], right[size > 0]
    n_groups = float(size.sum() ** 2 / (size**2).sum())  # effective, as of Kish
    most = n_kish / n_groups  # the design effect of whole groups
    if most <= 1:
        return n_kish
    effect, n_telling = most, 0
    if 0 < share < 1 and len(size) > 1:
        variance = len(size) / (len(size) - 1) * float(((right - share * size) ** 2).sum()) / size.sum() ** 2
        effect = variance * n_kish / (share * (1 - share))
        n_telling = int(min((right > 0).sum(), (right < size).sum()))
    correlation = min(1.0, max(0.0, (effect - 1) / (most - 1)))
    correlation = (correlation * n_telling + PRIOR_GROUPS) / (n_telling + PRIOR_GROUPS)
    quantiles = NormalDist().inv_cdf(0.975) / t_quantile(0.975, max(1.0, n_groups - 1))
    return n_kish / (1 + correlation * (most - 1)) * quantiles**2
