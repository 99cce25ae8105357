"""McNemar's exact test: whether two classifiers differ by more than chance on the same photos."""

from __future__ import annotations

from math import exp, lgamma, log

from headstart.errors import EvaluationError


def mcnemar_p(n_only_first: int, n_only_second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test.

    Parameters
    ----------
    n_only_first
        Number of photos on which only the first classifier is right.
    n_only_second
        Number of photos on which only the second one is right.

    Returns
    -------
    Probability of a difference as large as this, or larger, if both classifiers are equally good. 1 if they are right
    on the same photos.

    Raises
    ------
    EvaluationError
        If a number is below 0.

    Notes
    -----
    McNemar 1947, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12, as the exact binomial test: photos on which both are right or both are wrong say nothing, and on
    the others each is as likely to be right. The version with chi-squared was rejected: it needs 25 such photos.

    Examples
    --------
    >>> round(mcnemar_p(1, 9), 4)
    0.0215
    """
    if n_only_first < 0 or n_only_second < 0:
        raise EvaluationError(
            f"Cannot compare two classifiers: got {n_only_first} and {n_only_second} photos on which only one is "
            "right, need 0 or more. Check the counts."
        )
    n = n_only_first + n_only_second
    tail = sum(
        exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2))
        for k in range(min(n_only_first, n_only_second) + 1)
    )
    return min(1.0, 2 * tail)
