"""The section of the report on photos that were added to a run or forgotten: what that changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.growth_words import list_class_changes, say_growth


def describe_growth_section(metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return ``run``, ``sentences``, ``rows`` by class and ``has_new``; None for a run that grew out of no other one.

    A row has ``label`` and ``cells``: the photos, those that are right before and now, gained and lost, and with a new
    class those that became one.
    """
    record = metrics.get("growth")
    if record is None:
        return None
    has_new = bool(record["new_classes"])
    names = ("n", "before", "after", "gained", "lost", *(["to_new"] if has_new else []))
    rows = [{"label": row["label"], "cells": [row[name] for name in names]} for row in list_class_changes(record)]
    return {"run": record["run"], "sentences": say_growth(record), "rows": rows, "has_new": has_new}
