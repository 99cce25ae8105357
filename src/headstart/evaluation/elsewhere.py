"""Say how far the accuracy of a run holds for new groups of photos, such as another camera or another site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.forecast_words import helps_little
from headstart.evaluation.group_words import count_groups
from headstart.evaluation.words import format_percent


def name_unseen(metrics: Mapping[str, Any]) -> str:
    """Return the words for the evaluated photos if all of them are of groups that training has not seen, else ''."""
    record = metrics.get("elsewhere")
    return f" of {record['group_kind']}s it has never seen" if record and _is_apart(record) else ""


def name_sources(metrics: Mapping[str, Any]) -> str:
    """Return the words for the groups of the evaluated photos, such as " of 1 camera", or ''."""
    record = metrics.get("elsewhere")
    n = record.get("n_evaluated_groups", 0) if record else 0
    return f" of {count_groups(n, record['group_kind'])}" if record and n and not record["n_without"] else ""


def name_judging(metrics: Mapping[str, Any]) -> str:
    """Return the words for a cross-validation whose folds keep groups apart, else ''."""
    record = metrics.get("elsewhere")
    return (
        f", each judged without its {record['group_kind']} in training"
        if record and record["new"] and not record["n_without"]
        else ""
    )


def say_elsewhere(split: str, metrics: Mapping[str, Any]) -> str:
    """Say for which groups the accuracy of the evaluated split holds, and give the accuracy for the others.

    Parameters
    ----------
    split
        Name of the evaluated split.
    metrics
        Content of metrics.json. Used: ``elsewhere``, and the split's ``n``.
    """
    record = metrics.get("elsewhere")
    if not record or split == "train":
        return ""
    kind, same, new = record["group_kind"], record["same"], record["new"]
    if _is_apart(record):
        return f"On new photos of known {kind}s, classifiers like this one are right {_give(same)}." if same else ""
    if not record["n_seen"]:
        return ""
    share = format_percent(record["n_seen"] / metrics[split]["n"])
    sentence = f"{share} of the {split} photos come from {kind}s that training has seen, too."
    if not new:
        return f"{sentence} The accuracy on a {kind} never seen may be lower."
    return f"{sentence} On a {kind} never seen, classifiers like this one are right {_give(new)}."


def say_what_helps(metrics: Mapping[str, Any]) -> str:
    """Say which photos would help most against overfitting: of new groups, if the accuracy is lower there.

    Empty if the forecast says that more photos of the same kind would help little, or if answers are near guessing.
    """
    record = metrics.get("elsewhere")
    if record and record["new"] and record["same"]["accuracy"] > record["new"]["accuracy"]:
        return f"Photos of more {record['group_kind']}s would help most."
    forecast = metrics.get("forecast") or {}
    reason = forecast.get("reason")
    if helps_little(forecast) or reason == "guessing":
        return ""
    return (
        "New pictures, not near copies, would help most." if reason == "near-copies" else "More photos would help most."
    )


def _is_apart(record: Mapping[str, Any]) -> bool:
    return not record["n_seen"] and not record["n_without"] and bool(record["n_unseen"])


def _give(numbers: Mapping[str, Any]) -> str:
    low, high = numbers["accuracy_ci95"]
    return (
        f"{format_percent(numbers['accuracy'])} of the time (95% interval {format_percent(low)} to "
        f"{format_percent(high)})"
    )
