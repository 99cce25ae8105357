"""``headstart show``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from headstart.cli.options import PATH, json_option, precision_option
from headstart.cli.printing import print_json, print_line, say_note


@click.command(short_help="Show the stages of a classifier, and what was trained.")
@click.argument("model", type=PATH)
@precision_option
@json_option()
def show(model: Path, precision: str, as_json: bool) -> None:
    """Show the stages of a classifier with their sizes, what was trained, and how many photos it was fitted to.

    MODEL is a classifier (model.onnx) or its run folder. For a run folder, the verdict is shown, too.
    """
    from headstart.classifier.classifier import Classifier
    from headstart.classifier.file import read_classifier
    from headstart.classifier.precision_note import note_precision
    from headstart.classifier.prediction_time import measure_ms_per_photo
    from headstart.classifier.summary import summarise_classifier, write_summary
    from headstart.runs.run import Run

    contents = read_classifier(model)
    classifier = Classifier(contents, precision=precision)
    run = Run(model) if (model / "metrics.json").is_file() else None
    verdict = None if run is None else run.verdict
    record = summarise_classifier(contents) | {
        "fitted_on": None if run is None else run.metrics.get("fitted_on"),
        "computed_in": classifier.precision, "ms_per_photo": round(measure_ms_per_photo(classifier), 2),
    }  # fmt: skip
    notes = note_precision(classifier, precision)
    if as_json:
        print_json(record | {"verdict": verdict, "notes": [note.text for note in notes]})
        return
    if verdict is not None:
        print_line(f"{verdict}\n")
    if sys.stdout.isatty():
        _print_table(record)
    else:
        print_line(write_summary(record))
    for note in notes:
        say_note(note)


def _print_table(record: dict[str, Any]) -> None:
    """Print the summary as a table in colours."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from headstart.classifier.summary import list_facts, list_part_rows
    from headstart.process.terminal_text import escape_name

    parts, facts = Table("Part", "Output"), Table.grid(padding=(0, 2))
    parts.add_column("Parameters", justify="right")
    parts.add_column("")
    for *cells, state in list_part_rows(record):
        parts.add_row(
            *(Text(escape_name(cell)) for cell in cells), Text(state, "green" if state == "trained" else "dim")
        )
    for name, text in list_facts(record):
        facts.add_row(Text(name, "bold"), Text(escape_name(text)))
    console = Console()
    console.print(parts)
    console.print(facts)
