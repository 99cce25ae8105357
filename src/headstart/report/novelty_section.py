"""The section of the report on strangers: how many own photos and how many strangers are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.evaluation.refused_share import is_refused_often
from headstart.evaluation.words import count_photos, format_percent

NEEDED = ((0.01, 99), (0.05, 19))  # shares of own photos that may be refused, and the photos that each needs
SPLITS = {"train": "training", "validation": "validation", "test": "test"}


def describe_refusal(metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the texts of the section, or None for a run of an earlier version.

    Returns
    -------
    ``rule``: what is refused, or why nothing is. ``rows``: ``name``, ``n``, ``n_refused``, ``refused``, ``range`` and
    ``expected`` of test photos and strangers, as text; none if nothing is refused. ``passed``: the kinds of strangers
    that are not all refused, in a sentence. ``at_5``: what a share of 5% refuses, in a sentence. ``is_shifted``:
    whether far more test photos are refused than promised.
    """
    record = metrics.get("novelty")
    if not record or "measured_on" not in record:
        return None
    if record["refuse"] is None:
        return {
            "rule": f"No photo is refused: {_say_few(record)}",
            "rows": [],
            "passed": "",
            "at_5": "",
            "is_shifted": False,
        }
    share = f"{100 * record['refuse']:g}%"
    test, strangers, rows = record["test"], record.get("strangers"), []
    if test is not None:
        rows.append(_make_row("Test photos", test, share))
    if strangers:
        rows.append(_make_row("Gallery of strangers", strangers, "all"))
        if strangers["photos"]:
            kind = strangers["photos"]["kind"]
            rows.append(_make_row(f"Photos of another kind: {kind}s", strangers["photos"], "all"))
    return {
        "rule": _say_rule(record), "rows": rows, "passed": _say_passed(strangers) if strangers else "",
        "at_5": _say_at_5(record),
        "is_shifted": test is not None and is_refused_often(test["refused"], record["refuse"], test["p"]),
    }  # fmt: skip


def write_refusal(metrics: Mapping[str, Any]) -> str:
    """Write the sentences of the model card on strangers; an empty text for a run of an earlier version."""
    section = describe_refusal(metrics)
    if section is None:
        return ""
    told = [
        f"{row['name']}: {row['n_refused']} of {row['n']} refused ({row['refused']}, 95% interval {row['range']})."
        for row in section["rows"]
    ]
    return " ".join([section["rule"], *told])


def _say_rule(record: Mapping[str, Any]) -> str:
    refuse, n = record["refuse"], record["n"]
    text = (
        f"If a photo is stranger than {100 * (1 - refuse):g}% of the classifier's own photos, it is refused: the "
        f"answer is 'none of these'. So about {100 * refuse:g}% of the own photos are refused too."
    )
    if record["test"] is None:
        text += " It was not measured on test photos: there are none that the test was not fitted to."
    share, needed = NEEDED[0]
    if n < needed:
        text += f" A share of {100 * share:g}% needs {needed} photos that measure it, and there were {n}."
    return text


def _say_few(record: Mapping[str, Any]) -> str:
    (_, _), (share, needed) = NEEDED
    splits = [SPLITS[split] for split in record["measured_on"].split("+") if split]
    if not splits:
        return f"there were no validation photos, and a share of {100 * share:g}% needs {needed}."
    had = f"there {'was' if record['n'] == 1 else 'were'} {count_photos(record['n'], ' and '.join(splits))}"
    return f"{had}, and a share of {100 * share:g}% needs {needed} ({100 * NEEDED[0][0]:g}% needs {NEEDED[0][1]})."


def _make_row(name: str, counted: Mapping[str, Any], expected: str) -> dict[str, str]:
    low, high = map(format_percent, counted["refused_ci95"])
    return {
        "name": name, "n": f"{counted['n']:,}", "n_refused": f"{counted['n_refused']:,}", "expected": expected,
        "refused": format_percent(counted["refused"]), "range": f"{low} to {high}",
    }  # fmt: skip


def _say_passed(strangers: Mapping[str, Any]) -> str:
    missed = [row for row in strangers["kinds"] if row["n_refused"] < row["n"]]
    if not missed:
        return f"All {strangers['n']} images of the gallery are refused."
    names = ", ".join(f"{row['kind']} ({row['n'] - row['n_refused']} of {row['n']})" for row in missed)
    return f"Of the gallery, these are not refused: {names}."


def _say_at_5(record: Mapping[str, Any]) -> str:
    """Say what a share of 5% refuses; an empty text if that is the default."""
    strangers = record.get("strangers")
    if record["refuse"] == NEEDED[1][0] or not strangers:
        return ""
    tested = record["test"]
    own = f" and {tested['n_refused_at_5']:,} of {count_photos(tested['n'], 'test')}" if tested is not None else ""
    return (
        f"With --refuse 5% more strangers and more own photos are refused: {strangers['n_refused_at_5']} of "
        f"{strangers['n']} images of the gallery{own}."
    )
