"""Changes to a catalog, each with its reason, and the table that records them beside the corrected catalog."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from headstart.catalog.csv_file import read_cells
from headstart.errors import CatalogError
from headstart.storage.local_files import write_text_safely
from headstart.storage.spreadsheet_cells import guard_cell, restore_cell

COLUMNS = ("path", "digest", "change", "from", "to", "reason")
DROPPED, RELABELLED, WEIGHED = "drop", "relabel", "weigh"


@dataclass(frozen=True, slots=True)
class Change:
    """One change to a photo of a catalog.

    Attributes
    ----------
    path, digest
        Absolute path and SHA-256 of the photo.
    change
        ``drop``, ``relabel`` or ``weigh``.
    old, new
        Its label before, and after (empty if it was left out). For ``weigh``: its weight in training.
    reason
        The reason in a sentence.
    """

    path: str
    digest: str
    change: str
    old: str
    new: str
    reason: str


def find_changes_file(table: Path) -> Path:
    """Return the path of the record of changes beside a corrected catalog: ``NAME-changes.csv``."""
    return table.with_name(f"{table.stem}-changes.csv")


def write_changes(changes: Sequence[Change], path: Path) -> None:
    """Write a row for each change. OSError is raised if the file cannot be written."""
    with write_text_safely(path, "surrogateescape") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([guard_cell(cell) for cell in astuple(change)] for change in changes)


def read_changes(table: str) -> tuple[Change, ...]:
    """Return the changes recorded beside a corrected catalog; none if there is no such file, or it is another one."""
    path = Path(table)
    if path.suffix.casefold() != ".csv" or not find_changes_file(path).is_file():
        return ()
    try:
        rows = [cells for _, cells in read_cells(find_changes_file(path), "a CSV")]
    except (OSError, UnicodeError, csv.Error, CatalogError):
        return ()
    if not rows or tuple(rows[0]) != COLUMNS:
        return ()
    return tuple(Change(*map(restore_cell, cells)) for cells in rows[1:] if len(cells) == len(COLUMNS))
