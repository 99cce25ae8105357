"""The verdict: what a person needs to know before trusting a classifier, in a few plain sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from headstart.evaluation.words import count_photos, format_percent

FEW_PHOTOS = 100  # below, the interval is so wide that the sentence must say so
STEADY_PHOTOS = 30  # below, cross-validation is no steadier: heads fitted to a handful of photos know little
UNSURE = 0.10  # so far from how often it is right, a confidence cannot be taken at its word
OVERFIT_GAP = 0.10  # a head that fits its own photos ten points better knows some of them by heart

HEADLINE_ORDER = ("test", "validation", "train")


def choose_headline(metrics: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Return the name and the numbers of the split that says most about new photos; None if none was judged.

    That is the test split, else validation, else train.
    """
    return next(((split, metrics[split]) for split in HEADLINE_ORDER if metrics.get(split)), None)


def write_verdict(metrics: Mapping[str, Any]) -> str:
    """Write the verdict on a run in plain words.

    Parameters
    ----------
    metrics
        The content of ``metrics.json``: of it, ``test``, ``validation``, ``train`` and ``cross_validation``.

    Returns
    -------
    str
        How often the classifier is right, with its interval, beside always answering the commonest class. It says
        so if the photos are few, if the guess is as good, if training photos are known by heart, if its confidence is
        not to be relied on, or if there were no photos to test with.

    Examples
    --------
    >>> test = {"n": 1000, "accuracy": 0.989, "accuracy_ci95": [0.9804, 0.9939],
    ...         "majority_accuracy": 0.5, "majority_class": "cats"}
    >>> print(write_verdict({"test": test}))
    On 1,000 test photos it has never seen, this classifier names the right class 98.9% of the time (95% interval
    98.0% to 99.4%). Always answering 'cats' would be right 50.0% of the time.
    """
    headline = choose_headline(metrics)
    if headline is None:
        return "No photos were left to judge this classifier with, so nothing can be said about how often it is right."
    split, numbers = headline
    sentences = [
        _say_accuracy(split, numbers),
        _compare_with_guess(numbers),
        _warn_of_few_photos(split, numbers, metrics.get("cross_validation")),
        _warn_of_overfitting(split, numbers, metrics.get("train")),
        _warn_of_confidence(numbers),
        _warn_of_missing_test(split, metrics.get("cross_validation")),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _say_accuracy(split: str, numbers: Mapping[str, Any]) -> str:
    seen = {"test": " it has never seen", "validation": "", "train": ", the very ones it was trained on"}[split]
    kind = "training" if split == "train" else split
    low, high = numbers["accuracy_ci95"]
    return (
        f"On {count_photos(numbers['n'], kind)}{seen}, this classifier names the right class "
        f"{format_percent(numbers['accuracy'])} of the time (95% interval {format_percent(low)} to "
        f"{format_percent(high)})."
    )


def _compare_with_guess(numbers: Mapping[str, Any]) -> str:
    guess = numbers.get("majority_accuracy")
    if guess is None:
        return ""
    low, high = numbers["accuracy_ci95"]
    sentence = f"Always answering '{numbers['majority_class']}' would be right {format_percent(guess)} of the time"
    if high < guess:
        return f"{sentence}: the classifier does worse than that guess."
    if low <= guess:
        return f"{sentence}, which lies inside the interval: the classifier is not clearly better than that guess."
    return f"{sentence}."


def _warn_of_few_photos(split: str, numbers: Mapping[str, Any], cross_validation: Mapping[str, Any] | None) -> str:
    if numbers["n"] >= FEW_PHOTOS:
        return ""
    low, high = numbers["accuracy_ci95"]
    sentence = f"With only {count_photos(numbers['n'])} the interval is {100 * (high - low):.0f} points wide: "
    if split == "test" and cross_validation and cross_validation["n"] >= max(2 * numbers["n"], STEADY_PHOTOS):
        return (
            f"{sentence}cross-validation over {count_photos(cross_validation['n'])} is the steadier figure, and says "
            f"{format_percent(cross_validation['accuracy_mean'])}."
        )
    return f"{sentence}judge it on more photos before relying on it."


def _warn_of_overfitting(split: str, numbers: Mapping[str, Any], train: Mapping[str, Any] | None) -> str:
    if split == "train" or not train or train["accuracy"] - numbers["accuracy"] < OVERFIT_GAP:
        return ""
    if numbers["n"] < FEW_PHOTOS or train["accuracy"] - numbers["accuracy_ci95"][1] < OVERFIT_GAP / 2:
        return ""  # so few photos, or so small a gap, may be chance
    return (
        f"On its own training photos it is right {format_percent(train['accuracy'])} of the time, much more often "
        "than on new ones: it knows some of them by heart (overfitting), and more photos would help most."
    )


def _warn_of_confidence(numbers: Mapping[str, Any]) -> str:
    """Compare mean confidence and accuracy: the calibration error of few photos is far from 0 by chance alone."""
    filled = [row for row in numbers.get("calibration_bins") or [] if row["confidence"] is not None]
    n = sum(row["n"] for row in filled)
    if not n:
        return ""
    accuracy = numbers["accuracy"]
    gap = sum(row["n"] * row["confidence"] for row in filled) / n - accuracy
    if abs(gap) < max(UNSURE, 2 * math.sqrt(accuracy * (1 - accuracy) / n)):
        return ""
    return (
        f"It is {'surer' if gap > 0 else 'less sure'} than it is right to be: its confidence is "
        f"{100 * abs(gap):.0f} points {'above' if gap > 0 else 'below'} that on average."
    )


def _warn_of_missing_test(split: str, cross_validation: Mapping[str, Any] | None) -> str:
    if split == "test":
        return ""
    if cross_validation and cross_validation["n"] >= STEADY_PHOTOS:
        return (
            "There was no test split; trained and judged again on other parts of the photos it was right "
            f"{format_percent(cross_validation['accuracy_mean'])} of the time."
        )
    if split == "validation":
        return "There was no test split: these photos were watched during training, though never fitted to."
    return "There was no photo to test it with, so this says little about new photos."
