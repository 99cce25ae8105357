"""Print what photos that were added to a run, or forgotten, changed for each class."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headstart.cli.printing import print_line
from headstart.process.terminal_text import escape_name

TITLES = ("class", "photos", "right before", "right now", "gained", "lost", "now a new class")
N_ROWS = 30


def print_growth(record: Mapping[str, Any], folder: Path) -> None:
    """Print the changes by class of the record ``growth`` of metrics.json, and the command that lists the photos."""
    from headstart.evaluation.growth_words import list_class_changes

    rows = list_class_changes(record)
    if rows:
        n_columns = len(TITLES) if record["new_classes"] else len(TITLES) - 1
        names = ("label", "n", "before", "after", "gained", "lost", "to_new")
        table = [[escape_name(str(row[name])) for name in names[:n_columns]] for row in rows[:N_ROWS]]
        widths = [max(map(len, column)) for column in zip(TITLES[:n_columns], *table, strict=True)]
        print_line("Validation and test photos of both runs:")
        for row in [TITLES[:n_columns], *table]:
            first, *others = (
                f"{cell:<{width}}" if n == 0 else f"{cell:>{width}}"
                for n, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            print_line("  ".join([f"  {first}", *others]).rstrip())
        if len(rows) > N_ROWS:
            print_line(f"  and {len(rows) - N_ROWS:,} more, which metrics.json lists")
    if record["n_other"]:
        print_line(
            f"Photos with another answer: headstart diff {shlex.quote(record['run'])} {shlex.quote(str(folder))}"
        )
