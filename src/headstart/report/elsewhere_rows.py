"""The section of the report on new groups of photos: accuracies with and without the group in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.group_words import count_groups
from headstart.evaluation.words import format_percent

MAX_ROWS = 20


def describe_elsewhere(metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the texts and bars of the section, or None if the photos have no groups.

    Returns
    -------
    ``kind``; ``reason`` why there are no accuracies, or an empty text; ``same`` and ``new``, each ``accuracy`` and
    ``range`` as text; ``n``, the number of photos; ``n_left_out``, those that were not judged; ``n_groups`` as text;
    ``rows``, the 20 groups of the lowest accuracy, each ``name``, ``n``, and as shares ``new``, ``low``, ``high`` and
    ``same``; ``n_more``, the number of groups that are not shown.
    """
    record = metrics.get("elsewhere")
    if not record:
        return None
    section = {
        "kind": record["group_kind"], "reason": record["reason"],
        "n_groups": count_groups(record["n_groups"], record["group_kind"]),
    }  # fmt: skip
    if record["reason"]:
        return section
    rows = [
        {
            "name": row["group"], "n": row["n"], "new": row["accuracy"], "low": row["accuracy_ci95"][0],
            "high": row["accuracy_ci95"][1], "same": row["accuracy_same"], "text": format_percent(row["accuracy"]),
        }
        for row in record["by_group"][:MAX_ROWS]
    ]  # fmt: skip
    both = {key: _describe(record[key]) for key in ("same", "new")}
    numbers = {"n": record["new"]["n"], "n_left_out": record.get("n_left_out", 0)}
    return section | both | numbers | {"rows": rows, "n_more": record["n_groups"] - len(rows)}


def _describe(numbers: Mapping[str, Any]) -> dict[str, str]:
    return {
        "accuracy": format_percent(numbers["accuracy"]),
        "range": " to ".join(map(format_percent, numbers["accuracy_ci95"])),
    }
