"""Say how many test photos have a near copy in training, and how accurate the classifier is without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.quoting import choose_quote
from headstart.evaluation.words import count_photos, format_percent


def is_quoted(metrics: Mapping[str, Any]) -> bool:
    """Say whether the accuracy on the test photos without a near copy in training is to be quoted."""
    quote = choose_quote(metrics)
    return quote is not None and quote.figure.name == "without_near_copies"


def say_accuracy_without(metrics: Mapping[str, Any]) -> str:
    """Write the first sentences of the verdict if the accuracy without near copies is the one to quote."""
    without, test = metrics["near_copies"]["without"], metrics["test"]
    low, high = without["accuracy_ci95"]
    return (
        f"On {count_photos(without['n'], 'test')} without a near copy in training, this classifier names the right "
        f"class {format_percent(without['accuracy'])} of the time (95% interval {format_percent(low)} to "
        f"{format_percent(high)}). On all {count_photos(test['n'], 'test')} it is right "
        f"{format_percent(test['accuracy'])} of the time."
    )


def say_near_copies(metrics: Mapping[str, Any]) -> str:
    """Write the sentence of the verdict on near copies; '' if no test photo has one in training.

    Examples
    --------
    >>> without = {"n": 18, "accuracy": 0.9, "accuracy_ci95": [0.85, 0.93]}
    >>> record = {"across": {"test": 12}, "without": without, "is_chained": False}
    >>> print(say_near_copies({"test": {"n": 30, "accuracy": 0.93}, "near_copies": record}))
    12 test photos have a near copy in training. Without these photos the classifier is right 90.0% of the time (95%
    interval 85.0% to 93.0%).
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
    if not without or is_quoted(metrics):
        return sentence
    low, high = without["accuracy_ci95"]
    what = "this photo" if n_across == 1 else "these photos"
    return (
        f"{sentence} Without {what} the classifier is right {format_percent(without['accuracy'])} of the time (95% "
        f"interval {format_percent(low)} to {format_percent(high)})."
    )
