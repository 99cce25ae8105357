"""How far a share that was counted on a few photos may be from the truth."""

from __future__ import annotations

from statistics import NormalDist

from headstart.errors import EvaluationError


def wilson_interval(n_right: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Bound the true share of right answers, of which ``n_right`` out of ``n`` were seen.

    Parameters
    ----------
    n_right
        Number of right answers, 0 to ``n``. Weighted photos may make it fractional.
    n
        Number of answers. With none, nothing is known and the interval is (0, 1).
    confidence
        How often such an interval holds the true share, between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper bound, within [0, 1], always around ``n_right / n``.

    Raises
    ------
    EvaluationError
        If a number is outside its range.

    Notes
    -----
    Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22, without the
    correction for continuity. The textbook interval p +- z sqrt(p (1 - p) / n) was rejected: it has no width at
    all when every answer is right, which is what a good classifier on a small test set shows.

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
    # the bounds touch 0 and 1 exactly when no, or every, answer is right; rounding must not undo that
    low = 0.0 if n_right == 0 else max(0.0, min(centre - half, share))
    high = 1.0 if n_right == n else min(1.0, max(centre + half, share))
    return low, high
