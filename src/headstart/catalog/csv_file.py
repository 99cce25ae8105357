"""Read a table of photos from a CSV (``path,label[,split][,group][,weight]``), and write a catalog to one."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from headstart.catalog.photo import Photo
from headstart.catalog.source_listing import SourceListing
from headstart.catalog.table_rows import COLUMNS, Row, TableRows
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.storage.remote_paths import RemotePath, open_for_reading

WRITTEN = ("digest",)  # columns that `write_csv` adds


def read_csv(path: Path) -> SourceListing:
    """Read a CSV of labelled photos: UTF-8, columns in any order, separated by comma, semicolon or tab.

    Paths are absolute, or relative to the CSV's folder. Other columns are ignored, with a note. A split in a row is
    kept; rows without one are divided by `plan_rows`. CatalogError is raised if the file is no CSV, lacks a column, or
    has rows that cannot be used: the message lists all problems; the header is row 1.
    """
    table = TableRows(path)
    unknown: list[str] = []
    photos = [table.read(row, number) for number, row in _read_rows(path, table.problems, unknown)]
    table.check()
    found = table.describe("CSV", photos)
    if unknown:
        text = f"Columns of the CSV that were not used: {', '.join(unknown)}."
        found.notes.append(Note("unused-column", text, "warning"))
    return found


def write_csv(photos: Sequence[Photo], path: Path) -> None:
    """Write photos with absolute paths. The columns group and weight are left out if no photo has one."""
    columns = ["path", "label", "split", "digest"]
    columns += ["group"] if any(photo.group is not None for photo in photos) else []
    columns += ["weight"] if any(photo.weight != 1 for photo in photos) else []
    try:
        with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            folder = Path.cwd()
            for photo in photos:
                file_name = photo.file if isinstance(photo.path, RemotePath) else str(folder / photo.file)
                cells = [file_name, photo.label, photo.split or "", photo.digest]
                cells += [photo.group or ""] if "group" in columns else []
                cells += [repr(photo.weight)] if "weight" in columns else []
                writer.writerow(cells)
    except OSError as error:
        raise CatalogError(
            f"Cannot write '{path}': {error.strerror or error}. Make room there, or choose another folder.", path=path
        ) from None


def _read_rows(path: Path, problems: list[str], unknown: list[str]) -> Iterator[tuple[int, Row]]:
    """Yield the number and the cells, by column, of each row that is not blank. The cells of absent columns are empty.

    Unknown columns, which may be misspelt, are added to ``unknown``.
    """
    try:
        # file names need not be UTF-8: surrogate escapes keep their bytes (PEP 383)
        with (
            open_for_reading(path) as stream,
            io.TextIOWrapper(stream, newline="", encoding="utf-8-sig", errors="surrogateescape") as file,
        ):
            _refuse_binary(path, file.read(4096))
            file.seek(0)
            header = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=max(",;\t", key=header.count))
            columns = [name.strip().casefold() for name in next(reader, [])]
            _check_columns(path, columns)
            unknown += [f"'{name}'" for name in columns if name and name not in (*COLUMNS, *WRITTEN)]
            for number, cells in enumerate(reader, 2):
                if len(cells) > len(columns):
                    problems.append(f"row {number} has {len(cells)} cells, the header {len(columns)}: quote the commas")
                elif any(cell.strip() for cell in cells):
                    texts = dict(zip(columns, cells, strict=False))
                    row = {column: texts.get(column, "").strip() for column in COLUMNS}
                    if texts.get("path", "") != row["path"] and os.path.lexists(path.parent / texts["path"]):
                        row["path"] = texts["path"]  # a name may end in a space
                    yield number, row
    except OSError as error:
        raise CatalogError(f"Cannot read '{path}': {error.strerror or error}. Give a folder or a CSV.") from None
    except csv.Error as error:
        raise CatalogError(f"Cannot read '{path}': got no CSV ({error}), need path,label. Export it as CSV.") from None


def _refuse_binary(path: Path, head: str) -> None:
    if "\0" in head:
        raise CatalogError(
            f"Cannot read '{path}': got a binary file, need a folder of photos or a CSV in UTF-8. Unpack an "
            "archive first; export a spreadsheet as CSV."
        )


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    problems = [f"no column '{name}'" for name in ("path", "label") if name not in columns]
    problems += [f"the column '{name}' {columns.count(name)} times" for name in COLUMNS if columns.count(name) > 1]
    if problems:
        shown = ", ".join(ascii(name)[1:-1] for name in columns[:8])
        raise CatalogError(
            f"Cannot read '{path}': got {' and '.join(problems)} (its first row: {shown[:200]}), need "
            "path,label[,split][,group][,weight]. Give a folder of photos, or a CSV whose first row names its columns."
        )
