"""Choose the threshold of a class that finds a given share of its photos, with what that promises for new photos."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.errors import EvaluationError
from headstart.evaluation.intervals import bound_share

MIN_GROUPS = 20  # fewer say little about new ones: what the threshold finds then differs much from group to group
ALONE = 0.9  # groups for each photo: from here on, nearly all photos are alone, and count as independent
N_STEPS = 60  # of a bisection: the bounds are then exact to float64


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A threshold of the probability of a class, and what it promises.

    Attributes
    ----------
    value
        The threshold. A photo is found if its probability is at least this.
    recall
        Share of new photos of the class that are found, on average over such choices of a threshold. With groups: of
        new photos of the same groups.
    recall_ci95
        95% interval of the share of new photos that this threshold finds. With groups: of photos of new groups.
    n_needed
        Number of photos of the class that the wanted share needs, if there are fewer; otherwise None. The threshold is
        then the lowest probability, and ``recall`` is less than wanted. With groups: the number of groups of the class,
        20 or more, that a promise for new groups needs, if there are fewer.
    n_groups
        Number of groups of the photos of the class. None if nearly all photos are alone.
    """

    value: float
    recall: float
    recall_ci95: tuple[float, float]
    n_needed: int | None
    n_groups: int | None = None


def choose_threshold(
    probabilities: NDArray[Any], find: float, groups: Sequence[str] | NDArray[np.str_] | None = None
) -> Threshold:
    """Choose the highest threshold that finds a share of the photos of a class on average.

    Parameters
    ----------
    probabilities
        (n,) probabilities of the class, for n photos of the class that the classifier was not fitted to; at least one.
    find
        The share to find, above 0 and below 1.
    groups
        (n,) names of groups, or None. With them, the interval is that of `bound_share`, which is wider.

    Notes
    -----
    If the n photos and a new one are exchangeable, the new one is below the r-th smallest probability in r of n + 1
    cases at most. So r is the largest whole number with r / (n + 1) <= 1 - find. Over choices of the n photos, the
    share that is found has the distribution Beta(n + 1 - r, r) (Wilks 1941, "Determination of sample sizes for setting
    tolerance limits", Annals of Mathematical Statistics 12; the same argument as in split conformal prediction). The
    share of the n photos themselves, as a quantile gives it, was rejected: it promises too much by up to 1 / (n + 1).

    Examples
    --------
    >>> found = choose_threshold(np.linspace(0.01, 0.99, 99), find=0.9)
    >>> round(found.value, 3), found.recall, [round(end, 3) for end in found.recall_ci95]
    (0.1, 0.9, [0.834, 0.95])
    >>> choose_threshold(np.array([0.2, 0.6]), find=0.9).n_needed
    9
    """
    n = len(probabilities)
    if not (n and 0 < find < 1):
        raise EvaluationError(
            f"Cannot choose a threshold: got {n} photos of the class and the share {find}, need 1 photo or more and a "
            "share above 0 and below 1."
        )
    rank = math.floor((1 - find) * (n + 1) + 1e-9)  # the small number is for rounding: 0.1 of 100 is 10
    n_groups = n if groups is None else len(set(groups))
    needed = math.ceil(1 / (1 - find) - 1e-9) - 1
    if is_grouped := n_groups < ALONE * n:
        needed = max(needed, MIN_GROUPS)
    is_enough = n_groups >= needed if is_grouped else rank > 0
    rank = max(rank, 1)
    value = float(np.partition(np.asarray(probabilities), rank - 1)[rank - 1])
    if groups is None or n_groups == n:
        low, high = (_find_quantile(n, rank, share) for share in (0.025, 0.975))
    else:
        low, high = bound_share(np.asarray(probabilities) >= value, np.ones(n), groups)
    return Threshold(
        value=value, recall=1 - rank / (n + 1), recall_ci95=(low, high), n_needed=None if is_enough else needed,
        n_groups=n_groups if is_grouped else None,
    )  # fmt: skip


def _find_quantile(n: int, rank: int, share: float) -> float:
    """Return a quantile of Beta(n + 1 - rank, rank), by bisection: its distribution function is a sum of binomials."""
    missed = np.arange(rank, dtype=np.float64)
    logs = np.log(np.arange(1, n + 1, dtype=np.float64))
    factorials = np.concatenate([[0.0], np.cumsum(logs)])
    binomials = factorials[n] - factorials[:rank] - factorials[n - rank + 1 :][::-1]
    low, high = 0.0, 1.0
    for _ in range(N_STEPS):
        found = (low + high) / 2
        if found in (low, high):
            break
        # the share found is at most `found` if fewer than `rank` of n photos are missed at that rate
        below = np.exp(binomials + missed * math.log1p(-found) + (n - missed) * math.log(found)).sum()
        low, high = (low, found) if below > share else (found, high)
    return (low + high) / 2
