"""``headstart diff``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from headstart.cli.options import PATH, json_option
from headstart.cli.printing import print_json, print_line
from headstart.process.terminal_text import escape_name

N_SHOWN = 10  # rows of a list; --json has all
FACTS = ("labels", "splits", "groups", "weights")
FIGURES = {"test": "Test", "cross_validation": "Cross-validation", "validation": "Validation", "train": "Training"}
REFUSED = {"test": "Test, refused", "strangers": "Strangers, refused"}
Sides = Mapping[str, Sequence[Mapping[str, Any] | None]]


@click.command(short_help="Say what differs between two runs.")
@click.argument("first", type=PATH, metavar="RUN")
@click.argument("second", type=PATH, metavar="RUN2")
@json_option()
def diff(first: Path, second: Path, as_json: bool) -> None:
    """Say what differs between two runs: photos, labels, splits, settings, versions, accuracies and answers.

    RUN and RUN2 are run folders. Photos are compared by their content, so they may have other names.
    """
    from headstart.runs.run_diff import diff_runs, write_diff

    found = diff_runs(first, second)
    if as_json:
        print_json(found)
        return
    for folder in found["without_record"]:
        print_line(
            f"'{escape_name(folder)}' has no run.json, so versions and machines are not compared, and few settings."
        )
    _print_photos(found)
    for name, title in (("settings", "Settings"), ("versions", "Versions"), ("machine", "Machine")):
        _print_table(
            f"{title} (before, after):",
            [(_name_key(name, key), *map(_shorten, values)) for key, values in found[name].items()],
        )
    points = [(name, *map(_describe_point, sides)) for name, sides in found["working_points"].items()]
    _print_table("Working points (before, after):", points)
    _print_figures(found["figures"], found["refused"])
    print_line(write_diff(found))
    answers = found["answers"]
    rows = [
        (escape_name(row["path"]), f"label {row['label']}", row["before"], row["after"], _name_splits(row["splits"]))
        for row in answers
    ]
    _print_table(f"Another answer (before, after): {len(answers):,} of {found['n_answered']:,} photos.", rows)


def _name_key(part: str, key: str) -> str:
    """Return a setting as the option that gives it; other keys, and those of earlier versions, as they are."""
    from headstart.methods.setting_names import name_option
    from headstart.methods.settings import Settings

    if part == "settings" and key == "asked method":
        return "--method as given"
    return name_option(key) if part == "settings" and key in Settings.__dataclass_fields__ else key


def _print_photos(found: Mapping[str, Any]) -> None:
    photos = found["photos"]
    before, after = photos["n"]
    print_line(f"Photos: {before:,} before, {after:,} after, {photos['n_shared']:,} in both runs.")
    for reason in ("added", "removed"):
        _print_table(f"{len(photos[reason]):,} {reason}:", [(escape_name(path),) for path in photos[reason]])
    for name in FACTS:
        changes = [(escape_name(row["path"]), _shorten(row["before"]), _shorten(row["after"])) for row in found[name]]
        noun = "photo has" if len(changes) == 1 else "photos have"
        _print_table(f"{len(changes):,} {noun} another {name.removesuffix('s')} (before, after):", changes)


def _print_figures(figures: Sides, refused: Sides) -> None:
    print_line("")
    rows = [(FIGURES[name], *(_describe_share(side, "accuracy") for side in sides)) for name, sides in figures.items()]
    rows += [(REFUSED[name], *(_describe_share(side, "refused") for side in sides)) for name, sides in refused.items()]
    for title, before, after in rows:
        print_line(f"{title:<18} {before:<42} {after}")
    print_line("")


def _describe_point(point: Mapping[str, Any] | None) -> str:
    from headstart.evaluation.words import format_threshold

    if point is None:
        return "-"
    costs = [f"{cost['label']}:{cost['answer']}={cost['cost']:g}" for cost in point["costs"]]
    threshold = [] if point["threshold"] is None else [f"at least {format_threshold(point['threshold'])}"]
    return escape_name(", ".join([*threshold, *costs]))


def _describe_share(side: Mapping[str, Any] | None, key: str) -> str:
    from headstart.evaluation.words import count_photos, format_percent

    if side is None:
        return "-"
    low, high = map(format_percent, side[f"{key}_ci95"] or (0.0, 1.0))
    return f"{format_percent(side[key])} ({low} to {high}, {count_photos(side['n'])})"


def _print_table(title: str, rows: Sequence[tuple[str, ...]]) -> None:
    """Print the first rows of a table in columns, below a title; nothing without rows."""
    if not rows:
        return
    print_line(title)
    shown = rows[:N_SHOWN]
    widths = [max(len(row[column]) for row in shown) for column in range(len(shown[0]))]
    for row in shown:
        print_line("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    if len(rows) > N_SHOWN:
        print_line(f"  and {len(rows) - N_SHOWN:,} more, which --json lists")


def _name_splits(splits: Sequence[str | None]) -> str:
    before, after = (split or "no split" for split in splits)
    return before if before == after else f"{before}, then {after}"


def _shorten(value: object) -> str:
    if isinstance(value, list):  # of costs
        value = ", ".join(map(str, value)) or None
    text = "-" if value is None else escape_name(str(value))
    return text if len(text) <= 60 else f"{text[:57]}..."
