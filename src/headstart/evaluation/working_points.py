"""Measure a classifier by its answers: how many photos of a class are found, and at what cost in false alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.evaluation.group_words import GROUP, count_groups
from headstart.evaluation.intervals import bound_share
from headstart.evaluation.words import count_photos, format_percent, format_threshold

MAX_COSTS = 5  # that a sentence lists
NO_GAIN = "On these photos the rule does not lower the cost."

Ints = NDArray[np.int64]


def measure_answers(y: Ints, answers: Ints, number: int, groups: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure the answers for N photos by one class.

    Parameters
    ----------
    y, answers
        (N,) class numbers: the labels, and the answers.
    number
        Number of the class.
    groups
        (N,) names of groups, or None. The intervals allow for them, as those of `bound_share`.

    Returns
    -------
    dict
        Plain Python values. ``recall``: share of the photos of the class that get this class. ``false_alarm_rate``:
        share of the other photos that get it. Each has its 95% interval, ``recall_ci95`` and ``false_alarm_rate_ci95``
        and is None without photos. ``precision``: share of the answers with this class that are right.
        ``accuracy``: share of all right answers. Counts: ``n_positive``, ``n_negative``, ``n_found`` and
        ``n_false_alarms``.

    Examples
    --------
    >>> found = measure_answers(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 1)
    >>> found["recall"], found["false_alarm_rate"], round(found["precision"], 3), found["accuracy"]
    (1.0, 0.5, 0.667, 0.75)
    """
    is_class, is_answer = y == number, answers == number
    n_positive, n_found = int(is_class.sum()), int((is_class & is_answer).sum())
    n_negative, n_false_alarms = len(y) - n_positive, int((~is_class & is_answer).sum())
    n_answers = n_found + n_false_alarms
    return {
        "recall": n_found / n_positive if n_positive else None,
        "recall_ci95": _bound(is_answer, is_class, groups),
        "false_alarm_rate": n_false_alarms / n_negative if n_negative else None,
        "false_alarm_rate_ci95": _bound(is_answer, ~is_class, groups),
        "precision": n_found / n_answers if n_answers else None,
        "accuracy": float((y == answers).mean()) if len(y) else None,
        "n_positive": n_positive,
        "n_negative": n_negative,
        "n_found": n_found,
        "n_false_alarms": n_false_alarms,
    }


def _bound(is_answer: NDArray[np.bool_], is_counted: NDArray[np.bool_], groups: Sequence[str] | None) -> list[float]:
    """Return the 95% interval of the share of answers among some of the photos."""
    some = None if groups is None else np.asarray(groups)[is_counted]
    return bound_share(is_answer[is_counted], np.ones(int(is_counted.sum())), some)


def say_measured(record: Mapping[str, Any]) -> str:
    """Say what a decision finds on labelled photos, and how many false alarms it gives."""
    label = record["label"]
    parts = []
    if record["recall"] is not None:
        found, n = record["n_found"], record["n_positive"]
        parts.append(f"finds {found:,} of {count_photos(n)} of '{label}' {_write_share(record, 'recall')}")
    if record["false_alarm_rate"] is not None:
        alarms, n = record["n_false_alarms"], record["n_negative"]
        parts.append(f"calls {alarms:,} of {n:,} others '{label}' {_write_share(record, 'false_alarm_rate')}")
    return f"By its working point, the classifier {' and '.join(parts)}."


def _write_share(record: Mapping[str, Any], key: str) -> str:
    return f"({format_percent(record[key])}, 95% interval {_write_range(record[f'{key}_ci95'])})"


def lowers_cost(record: Mapping[str, Any]) -> bool:
    """Say whether the rule has a lower mean cost than the most probable class. True if the mean costs are unknown."""
    usual = record.get("most_probable", {}).get("mean_cost")
    return usual is None or bool(record["mean_cost"] < usual)


def say_working_points(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what each record of ``working_points`` in metrics.json promises for new photos, in a sentence or two."""
    texts = [_say_working_point(record) for record in records[:1]]
    return texts + [f"The rule {_say_found(record)}." for record in records[1:]]


def _say_working_point(record: Mapping[str, Any]) -> str:
    """Say the rule, and what it finds.

    Examples
    --------
    >>> print(_say_working_point({
    ...     "label": "defective", "find": 0.98, "threshold": 0.031, "costs": [], "recall": 0.98,
    ...     "recall_ci95": [0.942, 0.998], "false_alarm_rate": 0.123, "false_alarm_rate_ci95": [0.101, 0.146],
    ...     "n_positive": 212, "judged_by": "cross-validation", "precision": 0.7,
    ... }))
    Working point: the answer is 'defective' if its probability is at least 3.1%. This rule finds 98.0% of new photos
    of 'defective' on average (95% interval 94.2% to 99.8%), and calls 12.3% of all other photos 'defective' (10.1% to
    14.6%), by cross-validation with 212 photos of the class.
    """
    if record["threshold"] is None:
        rule = f"the answer has the lowest expected cost: {_list_costs(record['costs'])}"
    else:
        least = format_threshold(record["threshold"])
        rule = f"the answer is '{record['label']}' if its probability is at least {least}"
    usual = record.get("most_probable", {}).get("mean_cost")
    cost = f" The mean cost is {record['mean_cost']:.3f} instead of {usual:.3f}." if usual is not None else ""
    if not lowers_cost(record):
        cost += f" {NO_GAIN}"
    return f"Working point: {rule}. This rule {_say_found(record)}.{cost}"


def _say_found(record: Mapping[str, Any]) -> str:
    label = record["label"]
    if record["recall"] is None:
        return f"finds an unknown share of the photos of '{label}', because there is no photo of it to judge by"
    judged = f"by {record['judged_by']} with {count_photos(record['n_positive'])} of the class"
    photos, interval = f"new photos of '{label}'", _write_range(record["recall_ci95"])
    if record.get("n_groups"):
        kind = record.get("group_kind", GROUP)
        judged += f", of {count_groups(record['n_groups'], kind)}"
        photos, interval = f"new photos of '{label}' of the same {kind}s", f"for new {kind}s {interval}"
    alarms = (
        f", and calls {format_percent(record['false_alarm_rate'])} of all other photos '{label}' "
        f"({_write_range(record['false_alarm_rate_ci95'])})"
        if record["false_alarm_rate"] is not None
        else ""
    )
    return (
        f"finds {format_percent(record['recall'])} of {photos} on average (95% interval {interval}){alarms}, {judged}"
    )


def _list_costs(costs: Sequence[Mapping[str, Any]]) -> str:
    shown = [f"'{cost['label']}' called '{cost['answer']}' {cost['cost']:,.10g}" for cost in costs[:MAX_COSTS]]
    more = [f"{len(costs) - MAX_COSTS:,} more"] if len(costs) > MAX_COSTS else []
    return ", ".join([*shown, *more, "any other mistake 1"])


def _write_range(ends: Sequence[float]) -> str:
    return " to ".join(map(format_percent, ends))
