"""Make the table of working points: what the answers of the classifier file find, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headstart.evaluation.group_words import GROUP, count_groups
from headstart.evaluation.words import count_photos, format_percent, format_threshold
from headstart.evaluation.working_points import NO_GAIN, lowers_cost


def list_working_points(points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List the working points as text: ``title``, ``note`` and ``rows``, whose cells have ``text`` and ``range``."""
    return [_make_table(point) for point in points]


def _make_table(point: Mapping[str, Any]) -> dict[str, Any]:
    test, label = point["test"], point["label"]
    new = f"New photos of the same {point.get('group_kind', GROUP)}s" if point.get("n_groups") else "New photos"
    rows = [_make_row(new if point["find"] is not None else f"Photos of {point['judged_by']}", point, is_chosen=True)]
    if test is not None:
        rows.append(_make_row("Test photos", test))
        rows.append(_make_row("Test photos, most probable class", test["most_probable"]))
    else:
        rows.append(_make_row(f"Photos of {point['judged_by']}, most probable class", point["most_probable"]))
    return {
        "label": label,
        "title": _write_title(point),
        "note": _write_note(point),
        "has_cost": bool(point["costs"]),
        "rows": rows,
        "costs": [{"mistake": f"{cost['label']} called {cost['answer']}", "cost": f"{cost['cost']:g}"}
                  for cost in point["costs"]],
    }  # fmt: skip


def _write_title(point: Mapping[str, Any]) -> str:
    if point["threshold"] is None:
        return "The answer has the lowest expected cost."
    return (
        f"The answer is '{point['label']}' if its probability is at least {format_threshold(point['threshold'])}, else "
        "the most probable of the other classes."
    )


def _write_note(point: Mapping[str, Any]) -> str:
    members, others = f"{count_photos(point['n_positive'])} of '{point['label']}'", f"{point['n_negative']:,} others"
    by = "in cross-validation" if point["judged_by"] == "cross-validation" else "of the validation split"
    text = f"Counted on {members} and {others} {by}."
    if point["find"]:
        text = f"The threshold was chosen by {members}; false alarms were counted on {others}, {by}."
    if not lowers_cost(point):
        text += f" {NO_GAIN}"
    if point.get("n_groups"):
        kind = point.get("group_kind", GROUP)
        n = count_groups(point["n_groups"], kind)
        text += f" The photos of '{point['label']}' are of {n}; the interval is for photos of new {kind}s."
    if point["judged_by"] == "validation":
        text += " If they also chose the best epoch, their figures are slightly too good."
    return text


def _make_row(name: str, numbers: Mapping[str, Any], *, is_chosen: bool = False) -> dict[str, Any]:
    cost = numbers.get("mean_cost")
    return {
        "name": name,
        "is_chosen": is_chosen,
        "cells": [
            {"text": format_percent(numbers["recall"]), "range": _write_range(numbers, "recall")},
            {"text": format_percent(numbers["false_alarm_rate"]), "range": _write_range(numbers, "false_alarm_rate")},
            {"text": format_percent(numbers["precision"]), "range": ""},
            {"text": format_percent(numbers["accuracy"]), "range": ""},
            *([] if cost is None else [{"text": f"{cost:.3f}", "range": ""}]),
        ],
    }


def _write_range(numbers: Mapping[str, Any], key: str) -> str:
    return "" if numbers[key] is None else " to ".join(map(format_percent, numbers[f"{key}_ci95"]))
