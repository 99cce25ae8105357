"""Measure how many photos a classifier refuses: of its own kind, and of strangers, which show nothing that it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.evaluation.intervals import bound_share
from headstart.evaluation.ranking import average_over_classes
from headstart.evaluation.words import count_photos, format_percent

SHARES = (0.01, 0.05, 0.1)  # of own photos that may be refused, in the table
MAX_NEAREST = 3  # classes that a sentence names


def measure_refused(
    novelties: NDArray[Any], share: float, is_right: NDArray[np.bool_], groups: Sequence[str] | None = None
) -> dict[str, Any]:
    """Measure how many labelled photos are refused, and the accuracy on the others.

    Parameters
    ----------
    novelties
        (N,) novelties. A photo is refused if its novelty is at most ``share``.
    is_right
        (N,) whether the most probable class is right.
    groups
        (N,) names of groups, which widen the intervals; or None.

    Returns
    -------
    dict
        Plain Python values: ``share``, ``n``, ``n_refused``, ``refused``, and of the others ``n_accepted`` and
        ``accuracy`` (None if all are refused). ``refused_ci95`` and ``accuracy_ci95`` are intervals.

    Examples
    --------
    >>> found = measure_refused(np.array([0.005, 0.4, 0.9]), 0.01, np.array([False, True, True]))
    >>> found["n_refused"], round(found["refused"], 3), found["accuracy"]
    (1, 0.333, 1.0)
    """
    is_refused = novelties.astype(np.float64) <= share  # as the classifier's rules compare
    kept = ~is_refused
    n_kept = int(kept.sum())
    names = None if groups is None else np.asarray(groups)
    return {
        "share": share, "n": len(is_refused), "n_refused": int(is_refused.sum()), "refused": float(is_refused.mean()),
        "refused_ci95": bound_share(is_refused, np.ones(len(is_refused)), names),
        "n_accepted": n_kept, "accuracy": float(is_right[kept].mean()) if n_kept else None,
        "accuracy_ci95": bound_share(is_right[kept], np.ones(n_kept), None if names is None else names[kept]),
    }  # fmt: skip


def measure_strangers(
    own: NDArray[Any], strangers: NDArray[Any], shares: Sequence[float], groups: Sequence[str] | None = None
) -> dict[str, Any]:
    """Measure how well the novelty tells strangers from own photos.

    Parameters
    ----------
    own, strangers
        (N,) novelties of photos of what the classifier knows, and (M,) of photos of nothing that it knows.
    shares
        Shares of own photos that may be refused.
    groups
        (N,) names of groups of the own photos, or None.

    Returns
    -------
    dict
        Plain Python values. ``n_own`` and ``n_strangers``; ``auroc``: how often a stranger is stranger than an own
        photo, where ties count half; None without photos of a kind. ``shares`` has a record for each share: ``share``,
        ``own_refused``, ``strangers_refused``, and their intervals ``own_refused_ci95`` and ``strangers_refused_ci95``.

    Examples
    --------
    >>> found = measure_strangers(np.array([0.3, 0.6, 0.9]), np.array([0.001, 0.02, 0.7]), [0.05])
    >>> round(found["auroc"], 3), round(found["shares"][0]["strangers_refused"], 3)
    (0.778, 0.667)
    """
    novelties = np.concatenate([own, strangers]).astype(np.float64)
    is_stranger = np.arange(len(novelties)) >= len(own)
    columns = np.stack([novelties, -novelties], axis=1)
    auroc, _ = average_over_classes(is_stranger.astype(np.int64), columns, np.ones(len(novelties)))
    rows = []
    for share in shares:
        row: dict[str, Any] = {"share": share}
        for name, some, names in (("own", own, groups), ("strangers", strangers, None)):
            is_refused = some <= share
            row[f"{name}_refused"] = float(is_refused.mean()) if len(some) else None
            row[f"{name}_refused_ci95"] = bound_share(is_refused, np.ones(len(some)), names)
        rows.append(row)
    return {"n_own": len(own), "n_strangers": len(strangers), "auroc": auroc, "shares": rows}


def say_refused(record: Mapping[str, Any]) -> str:
    """Say how many labelled photos are refused, and how accurate the classifier is on the others.

    Examples
    --------
    >>> interval = {"refused_ci95": [0.008, 0.02], "accuracy_ci95": [0.985, 0.997]}
    >>> print(say_refused({"share": 0.01, "n": 1000, "n_refused": 13, "refused": 0.013, "n_accepted": 987,
    ...                    "accuracy": 0.993, **interval}))
    Refused   1.3%  (95% interval 0.8% to 2.0%, 13 of 1,000 photos; of the classifier's own photos it should be 1%)
    Accuracy on the 987 photos that are not refused: 99.3% (95% interval 98.5% to 99.7%).
    """
    low, high = map(format_percent, record["refused_ci95"])
    told = (
        f"Refused   {format_percent(record['refused'])}  (95% interval {low} to {high}, {record['n_refused']:,} of "
        f"{count_photos(record['n'])}; of the classifier's own photos it should be {100 * record['share']:.4g}%)"
    )
    if not record["n_refused"]:
        return told
    if not record["n_accepted"]:
        return f"{told}\nAll photos are refused."
    low, high = map(format_percent, record["accuracy_ci95"])
    return (
        f"{told}\nAccuracy on the {count_photos(record['n_accepted'])} that are not refused: "
        f"{format_percent(record['accuracy'])} (95% interval {low} to {high})."
    )


def list_share_rows(record: Mapping[str, Any]) -> list[str]:
    """Return a table of what `measure_strangers` found, as lines of text."""
    lines = ["share   evaluated photos refused   strangers refused"]
    for row in record["shares"]:
        cells = [_write_share(row, name) for name in ("own_refused", "strangers_refused")]
        lines.append(f"{100 * row['share']:>4.4g}%   {cells[0]:<24}   {cells[1]}".rstrip())
    return lines


def _write_share(row: Mapping[str, Any], key: str) -> str:
    low, high = (f"{100 * bound:.1f}" for bound in row[f"{key}_ci95"])
    return f"{format_percent(row[key])} ({low} to {high})"


def say_accepted(record: Mapping[str, Any]) -> str:
    """Say as which classes strangers were accepted, most often first, with an example; empty if none was.

    Examples
    --------
    >>> print(say_accepted({"n_strangers": 90, "n_accepted": 3, "nearest": [{"label": "cats", "n": 2}, {"label":
    ...     "dogs", "n": 1}], "examples": [{"path": "a.jpg"}]}))
    3 of 90 strangers were not refused: 2 as 'cats', 1 as 'dogs'.
    """
    if not record["n_accepted"]:
        return ""
    nearest = record["nearest"]
    parts = [f"{row['n']:,} as '{row['label']}'" for row in nearest[:MAX_NEAREST]]
    if n_rest := sum(row["n"] for row in nearest[MAX_NEAREST:]):
        parts.append(f"{n_rest:,} as others")
    n, was = record["n_accepted"], "was" if record["n_accepted"] == 1 else "were"
    return f"{n:,} of {record['n_strangers']:,} strangers {was} not refused: {', '.join(parts)}."
