"""Decide from the checked photos whether an export differs too often from its classifier, with the uncertainty."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from headstart.evaluation.intervals import wilson_interval

CONFIDENCE = 0.95  # one-sided: of the bound that decides
MOST_TO_NAME = 100_000  # photos; more is no advice


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What the checked photos show about the share of photos with another label.

    Attributes
    ----------
    n_different, n
        Number of photos with another label, and of photos.
    most
        The limit of the share.
    low, high
        Lowest and highest share that fits these numbers, each with 95% confidence.
    n_lost, n_won
        Number of photos that only the classifier, or only the export, predicts right.
    p_lower_accuracy
        Probability of such a loss by chance, if both were equally accurate (exact McNemar test, one-sided).
    is_refused
        Whether the share exceeds the limit even at ``low``, or the accuracy is lower by more than the limit and not by
        chance.
    is_decided
        Whether more photos are unlikely to change that.
    n_to_decide
        Number of photos that would decide, if the share stays the same; None if they are decided, or too many.
    """

    n_different: int
    n: int
    most: float
    low: float
    high: float
    n_lost: int
    n_won: int
    p_lower_accuracy: float
    is_refused: bool
    is_decided: bool
    n_to_decide: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return the agreement as plain JSON types."""
        return asdict(self)


def judge_agreement(
    n_different: int, n: int, *, most: float, n_lost: int = 0, n_won: int = 0, n_labelled: int = 0
) -> Agreement:
    """Judge an export by the numbers of photos on which it differs.

    Parameters
    ----------
    n_different, n, most, n_lost, n_won
        As in `Agreement`.
    n_labelled
        Number of photos whose right label is known.

    Examples
    --------
    >>> few = judge_agreement(2, 90, most=0.02)
    >>> few.is_refused, few.is_decided, round(few.low, 3), round(few.high, 3)
    (False, False, 0.007, 0.065)
    >>> judge_agreement(0, 90, most=0.02).n_to_decide
    133
    """
    low, high = _bound(n_different, n)
    p_lower = compute_p_lower(n_lost, n_won)
    is_less_accurate = p_lower < 1 - CONFIDENCE and n_lost - n_won > most * n_labelled
    is_refused = low > most or is_less_accurate
    is_decided = is_refused or high <= most
    return Agreement(
        n_different=n_different, n=n, most=most, low=low, high=high, n_lost=n_lost, n_won=n_won,
        p_lower_accuracy=p_lower, is_refused=is_refused, is_decided=is_decided,
        n_to_decide=None if is_decided else _count_to_decide(n_different / n if n else 0.0, n, most),
    )  # fmt: skip


def compute_p_lower(n_lost: int, n_won: int) -> float:
    """Return the probability that ``n_lost`` or more of the photos that one of two predicts right are lost by chance.

    The exact test of McNemar 1947, one-sided: each such photo is lost or won with the same probability.

    Examples
    --------
    >>> compute_p_lower(5, 0), compute_p_lower(1, 1)
    (0.03125, 0.75)
    """
    n = n_lost + n_won
    return sum(math.comb(n, k) for k in range(n_lost, n + 1)) / (1 << n)


def describe_agreement(agreement: dict[str, Any], which: str = "") -> str:
    """Return what the photos show and decide, as one sentence; ``which`` is a word before "photos", and a space."""
    n_different, n, most = agreement["n_different"], agreement["n"], agreement["most"]
    noun = "photo differs" if n == 1 else "photos differ"
    text = (
        f"{n_different:,} of {n:,} {which}{noun}, so {agreement['low']:.1%} to "
        f"{agreement['high']:.1%} of all may; the limit is {most:.1%}"
    )
    if agreement["is_refused"] and agreement["low"] <= most:
        return (
            f"{text}. The export predicts {agreement['n_lost']:,} wrong that the classifier predicts right, and "
            f"{agreement['n_won']:,} the other way round, which is no chance (p = {agreement['p_lower_accuracy']:.2g})"
        )
    if agreement["is_decided"]:
        return text
    more = agreement["n_to_decide"]
    wanted = f"about {more - n:,} more would decide" if more is not None else "more would be needed to decide"
    return f"{text}: too few to decide, {wanted}"


def _bound(n_different: float, n: float) -> tuple[float, float]:
    return wilson_interval(n_different, n, 2 * CONFIDENCE - 1)


def _count_to_decide(share: float, n: int, most: float) -> int | None:
    """Return the smallest number of photos of which ``share`` differ that decides, or None above the largest named."""

    def is_decided(number: int) -> bool:
        low, high = _bound(share * number, number)
        return low > most or high <= most

    if not is_decided(MOST_TO_NAME):
        return None
    few, enough = n, MOST_TO_NAME
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if is_decided(middle) else (middle, enough)
    return enough
