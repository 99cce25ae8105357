"""Refuse photos that are unlike the training photos: which share of the classifier's own photos may be refused."""

from __future__ import annotations

import json
from collections.abc import Iterable
from math import ceil

from headstart.errors import ClassifierError, FitError

NONE_OF_THESE = "none of these"
DEFAULTS = (0.01, 0.05)  # shares of own photos, the first that the number of photos supports
AUTO = "auto"
Refuse = float | str | None


def check_names(labels: Iterable[str]) -> None:
    """Refuse to train a class with the name of a refusal; raise FitError: its answers could not be told apart."""
    for label in labels:
        if " ".join(label.casefold().split()) == NONE_OF_THESE:
            raise FitError(
                f"Cannot train a class named '{label}': a classifier answers '{NONE_OF_THESE}' for photos of nothing "
                "that it knows. Call the class 'other', or leave it out."
            )


def choose_refusal(n_units: int | None) -> float | None:
    """Return the default share of own photos that may be refused, or None if there are too few photos for any.

    Parameters
    ----------
    n_units
        Number of photos that the novelty test was measured on, or None if the classifier has no test.

    Examples
    --------
    >>> choose_refusal(250), choose_refusal(40), choose_refusal(10), choose_refusal(None)
    (0.01, 0.05, None, None)
    """
    return next((share for share in DEFAULTS if n_units is not None and n_units >= count_needed(share)), None)


def describe_refusal(n_units: int) -> str:
    """Return the default refusal as JSON for other programs, with a sentence on how the output is used."""
    rule = (
        "novelty is the share of the classifier's own photos that are at least as strange as the photo. If it is at "
        "most the share in refuse, answer none of these: so this share of the classifier's own photos is refused."
    )
    return json.dumps({"refuse": choose_refusal(n_units), "n": n_units, "rule": rule})


def count_needed(share: float) -> int:
    """Return the number of photos that a share of refused photos needs: the smallest novelty is 1 / (photos + 1).

    Examples
    --------
    >>> count_needed(0.01), count_needed(0.05)
    (99, 19)
    """
    return ceil(round(1 / share, 6)) - 1


def say_refusal(share: float | None, n_units: int | None) -> str:
    """Say in a sentence or two what is refused by default, and why.

    Parameters
    ----------
    share
        Share of the classifier's own photos that may be refused, as `choose_refusal` returns it.
    n_units
        Number of photos that the novelty test was measured on, or None if the classifier has no test.

    Examples
    --------
    >>> say_refusal(0.01, 250)
    "Photos stranger than 99% of the classifier's own photos are refused as 'none of these': a share of 1%."
    >>> say_refusal(None, None).split(":")[0]
    'No photo is refused'
    """
    if n_units is None:
        return (
            "No photo is refused: the classifier cannot tell how strange a photo is, because an earlier version wrote "
            "it or fewer than 19 photos measured it."
        )
    if share is None:
        return "No photo is refused."
    usual = DEFAULTS[0]
    few = f" ({usual:.0%} needs {count_needed(usual)} photos that measure it, and there were {n_units})"
    return (
        f"Photos stranger than {100 * (1 - share):.4g}% of the classifier's own photos are refused as "
        f"'{NONE_OF_THESE}': a share of {100 * share:.4g}%{few if n_units < count_needed(usual) else ''}."
    )


def settle_refusal(refuse: Refuse, n_units: int | None) -> float | None:
    """Return the share of own photos to refuse: the given one, the default for ``auto``, or None for no refusal.

    Raises
    ------
    ClassifierError
        If the share is no share, or the photos do not support it.
    """
    if refuse == AUTO:
        return choose_refusal(n_units)
    if refuse is None or refuse == 0:
        return None
    if isinstance(refuse, bool | str) or not 0 < refuse < 1:
        raise ClassifierError(
            f"Cannot refuse photos: got {refuse!r}, need a share of the classifier's own photos above 0 and below 1, "
            "such as 0.01, or 'auto', or None."
        )
    if n_units is None:
        raise ClassifierError(
            "Cannot refuse photos: got a classifier that cannot tell how strange a photo is, because an earlier "
            "version wrote it or fewer than 19 photos measured it. Train it again with more photos, or refuse none."
        )
    if n_units < count_needed(refuse):
        lowest = ceil(1000 / (n_units + 1)) / 10
        raise ClassifierError(
            f"Cannot refuse {100 * refuse:.3g}% of the classifier's own photos: got {n_units:,} photos that measured "
            f"it, need {count_needed(refuse):,}. Refuse {lowest:g}% or more, or train with more photos."
        )
    return float(refuse)
