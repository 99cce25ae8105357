"""The verdict: a few plain sentences on how far a classifier can be trusted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from headstart.evaluation.cross_validation import compare_with_cross_validation, find_cross_validation
from headstart.evaluation.elsewhere import name_judging, name_sources, name_unseen, say_elsewhere, say_what_helps
from headstart.evaluation.fitted_splits import is_fitted_to, say_whose_figure
from headstart.evaluation.near_copies import is_quoted, say_accuracy_without, say_near_copies
from headstart.evaluation.quoting import FEW_PHOTOS, choose_quote
from headstart.evaluation.words import count_photos, format_percent
from headstart.evaluation.wrong_labels import say_wrong_labels

MISCALIBRATED = 0.10  # gap of mean confidence and accuracy from which the verdict warns
OVERFIT_GAP = 0.10  # gap of training and evaluated accuracy from which the verdict warns
NEAR_GUESS = 1.2  # mean recall, as a multiple of that of a guess, below which a classifier tells nothing apart

HEADLINE_ORDER = ("test", "validation", "train")


def choose_headline(metrics: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Return the name and the metrics of the test split, else of validation, else of train; None if there are none."""
    return next(((split, metrics[split]) for split in HEADLINE_ORDER if metrics.get(split)), None)


def write_verdict(metrics: Mapping[str, Any]) -> str:
    """Write the verdict on a run in plain words.

    Parameters
    ----------
    metrics
        The content of ``metrics.json``. Used: ``test``, ``validation``, ``train``, ``cross_validation``,
        ``photos_to_look_at`` and ``fitted_on``.

    Returns
    -------
    str
        The accuracy that `choose_quote` chooses, with its interval, and that of always answering the commonest class.
        Then warnings: if the photos are few, if the test accuracy and that of cross-validation differ, or if the
        classifier is no better than that guess, overfitted, miscalibrated or not tested, or labels look wrong.

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
        return "No photos were left to evaluate this classifier on, so its accuracy is unknown."
    split, numbers = headline
    over_all, quote, judged = find_cross_validation(metrics), choose_quote(metrics), dict(numbers)
    if over_all is not None and quote is not None and quote.figure.name == "cross_validation":
        quoted = judged = add_guess(over_all)
        first = [
            _say_over_all(over_all, name_judging(metrics)), _compare_with_guess(quoted),
            _say_test_beside(split, numbers, over_all, name_sources(metrics)),
        ]  # fmt: skip
    else:
        is_fitted = is_fitted_to(split, metrics)
        quoted = judged | metrics["near_copies"]["without"] if is_quoted(metrics) else judged
        first = [
            say_accuracy_without(metrics)
            if is_quoted(metrics)
            else _say_accuracy(split, numbers, name_unseen(metrics), is_fitted=is_fitted),
            say_whose_figure(split, metrics),
            _compare_with_guess(quoted, split), _warn_of_few_photos(quoted) if split != "train" else "",
            compare_with_cross_validation(metrics), _warn_of_missing_test(split),
        ]  # fmt: skip
    first += [say_near_copies(metrics), say_elsewhere(split, metrics)]
    sentences = [
        *first, _warn_of_overfitting(split, quoted, metrics), _warn_of_confidence(split, judged),
        say_wrong_labels(metrics),
    ]  # fmt: skip
    return " ".join(sentence for sentence in sentences if sentence)


def _say_accuracy(split: str, numbers: Mapping[str, Any], unseen: str, *, is_fitted: bool) -> str:
    if is_fitted:
        unseen = unseen.replace(" has ", " had ") or " that it was not trained on"
    seen = {
        "test": unseen or " it has never seen",
        "validation": unseen,
        "train": ", the same photos that it was trained on",
    }[split]
    kind = "training" if split == "train" else split
    low, high = numbers["accuracy_ci95"]
    if split == "train":  # an interval would claim something about new photos
        return (
            f"On {count_photos(numbers['n'], kind)}{seen}, this classifier names the right class "
            f"{format_percent(numbers['accuracy'])} of the time."
        )
    return (
        f"On {count_photos(numbers['n'], kind)}{seen}, this classifier {'named' if is_fitted else 'names'} the right "
        f"class {format_percent(numbers['accuracy'])} of the time (95% interval {format_percent(low)} to "
        f"{format_percent(high)})."
    )


def _compare_with_guess(numbers: Mapping[str, Any], split: str = "test") -> str:
    guess = numbers.get("majority_accuracy")
    if guess is None or split == "train":
        return ""
    low, high = numbers["accuracy_ci95"]
    sentence = f"Always answering '{numbers['majority_class']}' would be right {format_percent(guess)} of the time"
    if high < guess:
        return f"{sentence}: the classifier does worse than that guess."
    if low <= guess:
        return f"{sentence}, which lies inside the interval: the classifier is not clearly better than that guess."
    return f"{sentence}."


def _say_over_all(over_all: Mapping[str, Any], judging: str) -> str:
    low, high = over_all["accuracy_ci95"]
    return (
        f"In cross-validation over all {count_photos(over_all['n'])}{judging}, classifiers like this one name the "
        f"right class {format_percent(over_all['accuracy'])} of the time (95% interval {format_percent(low)} to "
        f"{format_percent(high)})."
    )


def _say_test_beside(split: str, numbers: Mapping[str, Any], over_all: Mapping[str, Any], sources: str) -> str:
    """Tell the accuracy on the test photos if that of cross-validation is quoted, and why it is not quoted itself."""
    if split != "test":
        return "There was no test split."
    low, high = numbers["accuracy_ci95"]
    sentence = (
        f"On its {count_photos(numbers['n'], 'test')}{sources} this classifier was right "
        f"{format_percent(numbers['accuracy'])} of the time ({format_percent(low)} to {format_percent(high)})"
    )
    if numbers["n"] < FEW_PHOTOS:
        return f"{sentence}: these are too few for a narrow interval."
    side = "easier" if numbers["accuracy"] > over_all["accuracy"] else "harder"
    return f"{sentence}: these photos seem to be {side} than all photos together."


def add_guess(over_all: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of cross-validation with those of always answering the commonest class."""
    supports = {label: row["support"] for label, row in (over_all.get("per_class") or {}).items()}
    if not supports:
        return {**over_all}
    commonest = max(supports, key=lambda label: supports[label])
    return {**over_all, "majority_class": commonest, "majority_accuracy": supports[commonest] / over_all["n"]}


def _warn_of_few_photos(numbers: Mapping[str, Any]) -> str:
    if numbers["n"] >= FEW_PHOTOS:
        return ""
    low, high = numbers["accuracy_ci95"]
    return (
        f"With only {count_photos(numbers['n'])} the interval is {100 * (high - low):.0f} points wide: evaluate the "
        "classifier on more photos before you rely on it."
    )


def _warn_of_overfitting(split: str, numbers: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    train = metrics.get("train")
    if split == "train" or not train or train["accuracy"] - numbers["accuracy"] < OVERFIT_GAP:
        return ""
    if numbers["n"] < FEW_PHOTOS or train["accuracy"] - numbers["accuracy_ci95"][1] < OVERFIT_GAP / 2:
        return ""  # with few photos or a small gap, this may be chance
    helps = say_what_helps(metrics)
    if _is_near_guess(numbers):
        helps = "First check the labels, and whether the photos show what tells the classes apart."
    text = (
        f"On its training photos the classifier is right {format_percent(train['accuracy'])} of the time, much more "
        "often than on new photos (overfitting)."
    )
    return f"{text} {helps}".rstrip()


def _is_near_guess(numbers: Mapping[str, Any]) -> bool:
    """Say whether a classifier does about as well as a guess: by its accuracy and, if it is known, for each class."""
    accuracy, low, guess = numbers["accuracy"], numbers["accuracy_ci95"][0], numbers.get("majority_accuracy")
    if guess is None or accuracy - guess > (accuracy - low) / 2:  # about one standard error
        return False
    recalls = [row["recall"] for row in (numbers.get("per_class") or {}).values() if row.get("recall") is not None]
    return not recalls or sum(recalls) / len(recalls) < NEAR_GUESS / len(recalls)


def _warn_of_confidence(split: str, numbers: Mapping[str, Any]) -> str:
    """Compare mean confidence and accuracy on held-out photos. Of few photos, the gap is large by chance."""
    if split == "train" and "n_folds" not in numbers:
        return ""
    filled = [row for row in numbers.get("calibration_bins") or [] if row["confidence"] is not None]
    n = sum(row["n"] for row in filled)
    if not n:
        return ""
    accuracy = numbers["accuracy"]
    confidence = sum(row["n"] * row["confidence"] for row in filled) / n
    gap, (low, high) = confidence - accuracy, numbers["accuracy_ci95"]
    # the interval, too: of two right answers out of two, the standard error is 0
    if abs(gap) < max(MISCALIBRATED, 2 * math.sqrt(accuracy * (1 - accuracy) / n)) or low <= confidence <= high:
        return ""
    return (
        f"The classifier is {'overconfident' if gap > 0 else 'underconfident'}: its probabilities are "
        f"{100 * abs(gap):.0f} points too {'high' if gap > 0 else 'low'} on average."
    )


def _warn_of_missing_test(split: str) -> str:
    if split == "test":
        return ""
    if split == "validation":
        return "There was no test split. The validation photos may have chosen settings, so the figure may be too good."
    return "There was no photo to test the classifier on, so this says little about new photos."
