"""List photos that may have no label yet: those of files and folders, or of a table of paths."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from headstart.catalog.csv_file import read_cells
from headstart.catalog.photo_search import find_photos
from headstart.catalog.table_columns import GUESS, ColumnNames, find_columns
from headstart.catalog.table_paths import TablePaths
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.storage.photo_folder import read_photo_folder
from headstart.storage.remote_paths import make_path
from headstart.storage.spreadsheet_cells import restore_cell

SUFFIXES = (".csv", ".tsv")
PhotoPlaces = str | Path | Sequence[str | Path]


@dataclass(frozen=True, kw_only=True)
class UnlabelledListing:
    """The files of a search, before any of them is opened.

    Attributes
    ----------
    name
        What was searched, as the user gave it.
    files
        Paths of the files, each once, in order.
    labelled
        Those of them whose row in a table has a label.
    suggestions
        CSVs of headstart suggest among the places, if some of their labels are filled in.
    notes
        Notes on folders that were left out and on columns.
    """

    name: str
    files: tuple[str, ...]
    labelled: frozenset[str] = frozenset()
    suggestions: tuple[str, ...] = ()
    notes: tuple[Note, ...] = field(default=())


def list_unlabelled(places: PhotoPlaces, path_column: str | None = None) -> UnlabelledListing:
    """List the photos of folders, nested or flat, of files and globs, or of a CSV of paths.

    The names of folders are not read as labels.

    Parameters
    ----------
    places
        One of these, or several.
    path_column
        Name of the column of a CSV that has the paths. None: it is found by its name.

    Raises
    ------
    CatalogError
        If places do not exist or hold no photo, or a CSV cannot be used.
    """
    some = [places] if isinstance(places, str | Path) else list(places)
    if not some or any(not str(place).strip() for place in some):
        raise CatalogError("Cannot find photos: got no place, need a folder or a CSV of paths. Give '.' for this one.")
    notes: list[Note] = []
    files: dict[str, None] = {}
    labelled: set[str] = set()
    suggestions: list[str] = []
    tables = [place for place in some if _is_table(place)]
    if path_column is not None and not tables:
        raise CatalogError(
            f"Cannot take the column {path_column!r}: got no CSV, need one. Leave --path-column out, or give the CSV."
        )
    for place in some:
        if place in tables:
            rows, is_suggestion = _read_table(make_path(place).expanduser(), path_column)
            files.update(dict.fromkeys(file for file, _ in rows))
            labelled.update(file for file, is_labelled in rows if is_labelled)
            suggestions += [str(place)] if is_suggestion and any(is_labelled for _, is_labelled in rows) else []
        else:
            files.update(dict.fromkeys(map(str, find_photos([place], notes.append))))
    name = ", ".join(map(str, some[:3])) + (f" and {len(some) - 3:,} more" if len(some) > 3 else "")
    return UnlabelledListing(
        name=name, files=tuple(files), labelled=frozenset(labelled), suggestions=tuple(suggestions), notes=tuple(notes)
    )


def read_suggestion(place: str | Path) -> list[tuple[str, bool]]:
    """Return the file of each row of a CSV of headstart suggest, and whether the row has a label; none of other CSVs.

    Raises
    ------
    CatalogError
        If it cannot be read.
    """
    path = make_path(place).expanduser()
    with suppress(OSError, csv.Error, UnicodeError):  # `_read_table` explains them
        if not _is_suggestion(next(read_cells(path, "a CSV of paths"))[1]):
            return []
    return _read_table(path, None)[0]


def _is_suggestion(names: Sequence[str]) -> bool:
    return GUESS in (name.strip().casefold() for name in names)


def _is_table(place: str | Path) -> bool:
    return str(place).casefold().endswith(SUFFIXES)


def _read_table(path: Path, path_column: str | None) -> tuple[list[tuple[str, bool]], bool]:
    """Return the file of each row of a CSV, whether the row has a label, and whether the CSV is a suggestion."""
    try:
        lines = read_cells(path, "a CSV of paths")
        _, names = next(lines)
        at = find_columns(path, "CSV", names, ColumnNames(path_column), needed=("path",)).positions
        rows = [cells for _, cells in lines if any(cell.strip() for cell in cells)]
    except OSError as error:
        raise CatalogError(
            f"Cannot read '{path}': {error.strerror or error}. Give a folder of photos or a CSV of paths.", path=path
        ) from None
    except (csv.Error, UnicodeError) as error:
        raise CatalogError(
            f"Cannot read '{path}': got no CSV ({error}), need one with a column 'path'. Export it as CSV.", path=path
        ) from None
    texts = [_take_cell(cells, at["path"]) for cells in rows]
    paths = TablePaths(path.parent if (folder := read_photo_folder(path)) is None else folder)
    paths.choose_folder([text for text in texts if text])
    label = at.get("label")
    found = [
        (paths.find(text), label is not None and bool(_take_cell(cells, label)))
        for text, cells in zip(texts, rows, strict=True)
        if text
    ]
    if not found:
        raise CatalogError(f"Cannot find photos: '{path}' has no row with a path. Add the paths, one a row.", path=path)
    return found, _is_suggestion(names)


def _take_cell(cells: Sequence[str], at: int) -> str:
    return restore_cell(cells[at]).strip() if at < len(cells) else ""
