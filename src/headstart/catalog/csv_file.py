"""Read a table of photos from a CSV (``path,label[,split][,group][,weight][,near_copies]``), and write one."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO

from headstart.catalog.photo import Photo
from headstart.catalog.source_listing import SourceListing
from headstart.catalog.table_columns import BY_NAME, COLUMNS, GUESS, RULE, ColumnNames, FoundColumns, find_columns
from headstart.catalog.table_rows import Row, TableRows
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.storage.local_files import write_text_safely
from headstart.storage.photo_folder import read_photo_folder, shorten_path
from headstart.storage.remote_paths import open_for_reading
from headstart.storage.spreadsheet_cells import guard_cell, restore_cell

KIND = "CSV"
DELIMITERS = ",;\t|"
MAX_LINE = 1_000_000  # characters; the module csv has a limit for a cell (131,072), but none for a line
MAX_COLUMNS = 10_000
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # spreadsheets write it as "Unicode text"


def read_csv(path: Path, columns: ColumnNames = BY_NAME, here: Path | None = None) -> SourceListing:
    """Read a CSV of labelled photos: UTF-8 or UTF-16, columns in any order, separated by comma, semicolon, tab or bar.

    `find_columns` says how columns are found, and `TablePaths` how files are; ``here`` is the working folder. Other
    columns are ignored, with a note. A split in a row is kept; rows without one are divided by `plan_rows`. If the CSV
    is one of headstart suggest, rows whose label is still empty are left out, with a note. CatalogError is raised if
    the file is no CSV, lacks a column, or has rows that cannot be used: the message lists all problems; the header is
    row 1.
    """
    recorded = read_photo_folder(path)
    table = TableRows(path, recorded, here=here)
    rows = list(_read_rows(path, table, columns))
    is_found = table.choose_folder([row["path"] for _, row in rows if not isinstance(row, str)])
    if recorded is not None and not is_found:
        raise CatalogError(
            f"Cannot read '{path}': got none of its photos, neither in '{recorded}', where they lay when the run was "
            f"written, nor in the working folder '{here or Path.cwd()}'. Work in the folder where they lie now; "
            "headstart replay RUN --photos FOLDER finds them under other names, too.", path=path,
        )  # fmt: skip
    photos = []
    for number, row in rows:
        if isinstance(row, str):
            table.problems.append(row)
        elif table.is_suggested and row["path"] and not row["label"]:
            continue
        else:
            photo = table.read(row, number)
            photos.append(replace(photo, is_suggested=True) if table.is_suggested else photo)
    table.check()
    if table.is_suggested:
        table.notes += _note_unlabelled(path, len(photos), len(rows))
    return table.describe(KIND, photos)


def _note_unlabelled(path: Path, n_labelled: int, n_rows: int) -> list[Note]:
    """Return a note if labels of a CSV of headstart suggest are empty; raise CatalogError if all of them are."""
    if not n_labelled and n_rows:
        raise CatalogError(
            f"Cannot read '{path}': got no label in its {n_rows:,} rows, need labels. Look at the photos, and fill in "
            f"the column label; the column {GUESS} is only a guess.", path=path,
        )  # fmt: skip
    if n_labelled == n_rows:
        return []
    n_left = n_rows - n_labelled
    verb, were = ("has", "was") if n_left == 1 else ("have", "were")
    return [Note("unlabelled-row", f"{n_left:,} of {n_rows:,} rows {verb} no label yet, and {were} left out.")]


def write_csv(photos: Sequence[Photo], path: Path, folder: str | None = None) -> None:
    """Write photos with paths relative to a folder, or with absolute paths.

    The columns group, weight, near_copies and drawn (whether the split was drawn at random) are left out if no photo
    has one. Names are written by `guard_cell`; `read_csv` gives them back.
    """
    columns = ["path", "label", "split", "digest"]
    columns += ["group"] if any(photo.group is not None for photo in photos) else []
    columns += ["weight"] if any(photo.weight != 1 for photo in photos) else []
    columns += ["near_copies"] if any(photo.near_copies is not None for photo in photos) else []
    columns += ["drawn"] if any(photo.is_drawn for photo in photos) else []
    try:
        with write_text_safely(path, "surrogateescape") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for photo in photos:
                file_name = guard_cell(shorten_path(photo.file, folder))
                cells = [file_name, guard_cell(photo.label), photo.split or "", photo.digest]
                cells += [guard_cell(photo.group or "")] if "group" in columns else []
                cells += [repr(photo.weight)] if "weight" in columns else []
                cells += [guard_cell(photo.near_copies or "")] if "near_copies" in columns else []
                cells += ["yes" if photo.is_drawn else ""] if "drawn" in columns else []
                writer.writerow(cells)
    except OSError as error:
        raise CatalogError(
            f"Cannot write '{path}': {error.strerror or error}. Make room there, or choose another folder.", path=path
        ) from None


def _read_rows(path: Path, table: TableRows, given: ColumnNames) -> Iterator[tuple[int, Row | str]]:
    """Yield the number and the cells, by column, of each row that is not blank; or its problem.

    The cells of absent columns are empty. Notes on columns are added to the ``table``.
    """
    try:
        lines = read_cells(path, "a folder of photos or a CSV")
        _, names = next(lines)
        found = find_columns(path, KIND, names, given)
        table.notes += found.notes
        table.is_suggested = GUESS in (name.strip().casefold() for name in names)
        for number, cells in lines:
            if len(cells) > len(names):
                yield number, f"row {number} has {len(cells)} cells, the header {len(names)}: quote the commas"
            elif any(cell.strip() for cell in cells):
                yield number, _name_cells(cells, found, table.folder)
    except OSError as error:
        raise CatalogError(f"Cannot read '{path}': {error.strerror or error}. Give a folder or a CSV.") from None
    except (csv.Error, UnicodeError) as error:  # UnicodeError: half a character of UTF-16
        raise CatalogError(f"Cannot read '{path}': got no CSV ({error}), need {RULE}. Export it as CSV.") from None


def read_cells(path: Path, rule: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row of a CSV, the header first; the header of an empty file has no cells.

    Raises
    ------
    CatalogError
        If the file is binary. ``rule`` is what is needed instead.
    OSError, csv.Error, UnicodeError
        If the file cannot be read, or is no CSV.
    """
    with open_for_reading(path) as stream, open_text(stream) as file:
        _refuse_binary(path, file.read(4096), rule)
        file.seek(0)
        header = file.readline(MAX_LINE)
        n_above = 1 if re.fullmatch(r"sep=.?\s*", header, re.IGNORECASE) else 0  # Excel reads the delimiter there
        header = file.readline(MAX_LINE) if n_above else header
        file.seek(0)
        reader = csv.reader(_read_lines(file), delimiter=max(DELIMITERS, key=header.count), skipinitialspace=True)
        for _ in range(n_above):
            next(reader)
        names = next(reader, [])
        if len(names) > MAX_COLUMNS:
            raise csv.Error(f"{len(names):,} columns, at most {MAX_COLUMNS:,}")
        yield 1 + n_above, names
        yield from enumerate(reader, 2 + n_above)


def _read_lines(file: IO[str]) -> Iterator[str]:
    """Yield the lines of a file; raise csv.Error for one that would fill the memory."""
    for line in iter(partial(file.readline, MAX_LINE), ""):
        if len(line) == MAX_LINE:
            raise csv.Error(f"a line longer than {MAX_LINE:,} characters")
        yield line


def open_text(stream: IO[bytes]) -> io.TextIOWrapper:
    """Open UTF-8, or UTF-16 if it begins with its mark, as text."""
    is_wide = stream.read(2) in UTF16
    stream.seek(0)
    # file names need not be UTF-8: surrogate escapes keep their bytes (PEP 383)
    return io.TextIOWrapper(
        stream, newline="", encoding="utf-16" if is_wide else "utf-8-sig",
        errors="strict" if is_wide else "surrogateescape",
    )  # fmt: skip


def _name_cells(cells: Sequence[str], found: FoundColumns, folder: Path) -> Row:
    at = found.positions
    found_cells = {column: cells[at[column]] if at.get(column, len(cells)) < len(cells) else "" for column in COLUMNS}
    texts = {column: restore_cell(text) for column, text in found_cells.items()}
    row = {column: text.strip() for column, text in texts.items()}
    if texts["path"] != row["path"] and os.path.lexists(folder / texts["path"]):
        row["path"] = texts["path"]  # a name may end in a space
    return row


def _refuse_binary(path: Path, head: str, rule: str) -> None:
    if "\0" in head:
        raise CatalogError(
            f"Cannot read '{path}': got a binary file, need {rule}. Unpack an archive first; export a spreadsheet as "
            "CSV."
        )
