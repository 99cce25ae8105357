"""The box of the report that says which accuracy to quote, and the table of all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.quoting import FEW_PHOTOS, Figure, choose_quote, list_figures
from headstart.evaluation.words import format_percent


def describe_quote(metrics: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the accuracy to quote as text, its interval, the photos and the reason; None if there is no accuracy.

    ``rough_range`` is the interval in whole percent if the photos are few, else an empty text.
    """
    quote = choose_quote(metrics)
    if quote is None:
        return None
    figure = quote.figure
    return {
        "accuracy": format_percent(figure.accuracy),
        "range": _write_range(figure),
        "rough_range": _write_roughly(figure) if figure.n < FEW_PHOTOS else "",
        "photos": _count(figure),
        "judged": figure.judged,
        "how": "in cross-validation over" if figure.name == "cross_validation" else "on",
        "reason": quote.reason,
    }


def list_figure_rows(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List all accuracies of a run as text, the quoted one first, marked by ``is_quoted``."""
    quote = choose_quote(metrics)
    rows = []
    for figure in list_figures(metrics):
        is_quoted = quote is not None and figure.name == quote.figure.name
        rows.append(
            {
                "accuracy": format_percent(figure.accuracy),
                "range": _write_range(figure),
                "judged": figure.judged,
                "photos": _count(figure),
                "weights": "by weight" if figure.is_weighted else "once each",
                "use": figure.use,
                "is_quoted": is_quoted,
            }
        )
    return sorted(rows, key=lambda row: not row["is_quoted"])


def _write_range(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f"{format_percent(figure.low)} to {format_percent(figure.high)}"


def _write_roughly(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return f"{100 * figure.low:.0f}\N{EN DASH}{100 * figure.high:.0f}%"


def _count(figure: Figure) -> str:
    photos = figure.photos.replace("photos", "photo", 1) if figure.n == 1 else figure.photos
    return f"all {figure.n:,} {photos.removeprefix('all ')}" if photos.startswith("all ") else f"{figure.n:,} {photos}"
