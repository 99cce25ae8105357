"""Say how many test photos have a near copy in training, and how accurate the classifier is without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.words import count_photos, format_percent


def say_near_copies(metrics: Mapping[str, Any]) -> str:
    """Write the sentence of the verdict on near copies; '' if no test photo has one in training.

    Examples
    --------
    >>> without = {"n": 188, "accuracy": 0.9, "accuracy_ci95": [0.85, 0.93]}
    >>> record = {"across": {"test": 12}, "without": without, "is_chained": False}
    >>> print(say_near_copies({"test": {"n": 200}, "near_copies": record}))
    12 test photos have a near copy in training. Without them it is right 90.0% of the time (95% interval 85.0% to
    93.0%).
    """
    record, test = metrics.get("near_copies"), metrics.get("test")
    if not record or not test or not record["across"].get("test"):
        return ""
    n_across, without = record["across"]["test"], record["without"]
    if record["is_chained"]:
        sentence = (
            f"{format_percent(n_across / test['n'])} of the test photos have a near copy in training: the photos seem "
            "to come from one series. This accuracy is for photos like these, not for new pieces or scenes."
        )
    elif n_across == 1:
        sentence = "1 test photo has a near copy in training."
    else:
        sentence = f"{count_photos(n_across, 'test')} have a near copy in training."
    if not without:
        return sentence
    low, high = without["accuracy_ci95"]
    what = "it" if n_across == 1 else "them"
    return (
        f"{sentence} Without {what} it is right {format_percent(without['accuracy'])} of the time (95% interval "
        f"{format_percent(low)} to {format_percent(high)})."
    )
