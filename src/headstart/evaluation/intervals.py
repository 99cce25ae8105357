"""The confidence interval of a share that was counted on a limited number of photos."""

from __future__ import annotations

from statistics import NormalDist

from headstart.errors import EvaluationError


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
