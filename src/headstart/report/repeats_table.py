"""Make the table of repeats on other splits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.words import format_percent

MAX_ROWS = 20  # splits in the table; metrics.json has all


def list_repeats(repeats: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """List the mean, the standard deviation, and the result of each split, as text; of many, the first 20."""
    if not repeats:
        return []
    low, high = map(format_percent, repeats["mean_ci95"])
    rows = [
        {
            "name": f"Mean of {repeats['n']} splits", "accuracy": format_percent(repeats["mean"]),
            "range": f"{low} to {high}", "balanced_accuracy": format_percent(repeats["balanced_mean"]), "is_mean": True,
        },
        _make_row("Standard deviation", f"{100 * repeats['sd']:.1f} points", ""),
    ]  # fmt: skip
    results = zip(repeats["seeds"], repeats["accuracies"], repeats["balanced_accuracies"], strict=True)
    rows += [
        _make_row(f"Split of seed {seed}", format_percent(accuracy), format_percent(balanced))
        for seed, accuracy, balanced in list(results)[:MAX_ROWS]
    ]
    if repeats["n"] > MAX_ROWS:
        rows.append(_make_row(f"{repeats['n'] - MAX_ROWS:,} more, in metrics.json", "", ""))
    return rows


def _make_row(name: str, accuracy: str, balanced: str) -> dict[str, Any]:
    return {"name": name, "accuracy": accuracy, "range": "", "balanced_accuracy": balanced, "is_mean": False}
