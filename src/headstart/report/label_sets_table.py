"""The section of the report on label sets: what is expected of each level, and what it gave on the test photos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.words import NOTHING, count_photos, format_percent


def describe_label_sets(metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the texts of the section, or None for a run of an earlier version.

    Returns
    -------
    ``n``: number of photos that calibrate the sets. ``rows``: ``level``, ``expected`` and ``expected_range``,
    ``coverage`` and ``range``, and ``size`` of each level, as text. ``missing``: which levels the photos do not
    support, in a sentence. ``is_single``: whether all sets of all levels have one label.
    """
    if "label_sets" not in metrics:
        return None
    record = metrics["label_sets"]
    if record is None:
        return {"n": 0, "rows": [], "missing": "", "is_single": False}
    sizes = [row["test"]["mean_size"] for row in record["levels"] if row["test"]]
    return {
        "n": record["n"], "rows": [_make_row(row) for row in record["levels"]],
        "missing": _say_missing(record), "is_single": bool(sizes) and max(sizes) == 1,
    }  # fmt: skip


def _make_row(row: Mapping[str, Any]) -> dict[str, str]:
    test, interval = row["test"], row["expected_ci95"]
    return {
        "level": f"{100 * row['level']:g}%", "expected": format_percent(row["expected"]),
        "expected_range": " to ".join(map(format_percent, interval)) if interval else "",
        "coverage": NOTHING if test is None else format_percent(test["coverage"]),
        "range": "" if test is None else " to ".join(map(format_percent, test["coverage_ci95"])),
        "size": NOTHING if test is None else f"{test['mean_size']:.2f}",
    }  # fmt: skip


def _say_missing(record: Mapping[str, Any]) -> str:
    missing = record.get("unsupported") or []
    if not missing:
        return ""
    parts = [f"{100 * row['level']:g}% needs {count_photos(row['n_needed'], 'held-out')}" for row in missing]
    return f"{', '.join(parts)}, and there {'is' if record['n'] == 1 else 'are'} {record['n']:,}."
