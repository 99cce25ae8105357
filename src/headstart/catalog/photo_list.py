"""Read a list of photos: a text file with a path or a digest on each line, or a CSV with a column of them."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

from headstart.catalog.csv_file import open_text, read_cells
from headstart.catalog.table_columns import OTHER_NAMES
from headstart.catalog.table_paths import TablePaths
from headstart.errors import CatalogError
from headstart.storage.photo_folder import read_photo_folder
from headstart.storage.remote_paths import make_path
from headstart.storage.spreadsheet_cells import restore_cell

RULE = "a text file with a path on each line, or a CSV with a column path or digest"
DIGEST = re.compile(r"[0-9a-fA-F]{64}")
PATHS = frozenset({"path", *OTHER_NAMES["path"]})
DIGESTS = frozenset({"digest", "hash", "sha256"})
Listed = tuple[str | None, str | None]
"""Path of a photo file, which need not exist, and SHA-256 of a photo in hex; at least one of them is there."""


def read_photo_list(path: Path) -> list[Listed]:
    """Return the photos of a list.

    The list is UTF-8 or UTF-16. Paths are absolute, or relative to the list or to the working folder, as in a CSV of
    `scan_photos`. In a text file, a line is a path as it is, with its commas; quotes around it are taken off if no such
    file exists. A line of 64 hexadecimal digits is a digest.

    Raises
    ------
    CatalogError
        If the list is missing, empty or binary, or has bytes that are not UTF-8 and name no file.
    """
    try:
        rows = [cells for _, cells in read_cells(path, RULE)]
        columns = {re.sub(r"[\s._-]", "", name.casefold()): n for n, name in enumerate(rows[0])} if rows else {}
        found = [_find(columns, names) for names in (PATHS, DIGESTS)]
        if found == [None, None]:
            with path.open("rb") as stream, open_text(stream) as file:
                listed = [_parse_line(line.strip(), path.parent) for line in file.read().splitlines() if line.strip()]
        else:
            listed = [(_take(cells, found[0]), _take(cells, found[1])) for cells in rows[1:] if any(cells)]
    except (OSError, csv.Error, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CatalogError(f"Cannot read the list '{path}': {reason}. Give {RULE}.", path=path) from None
    listed = [(file, digest.lower() if digest else None) for file, digest in listed if file or digest]
    if not listed:
        raise CatalogError(f"Cannot read the list '{path}': it names no photo. Give {RULE}.", path=path)
    wrong = [digest for _, digest in listed if digest is not None and not DIGEST.fullmatch(digest)]
    if wrong:
        raise CatalogError(
            f"Cannot read the list '{path}': got {len(wrong):,} digests such as '{wrong[0]}', need 64 hexadecimal "
            "digits each. Correct them, or leave them empty.", path=path,
        )  # fmt: skip
    paths = TablePaths(read_photo_folder(path) or path.parent)
    paths.choose_folder([file for file, _ in listed if file])
    found_paths = [(paths.find(file) if file else None, digest) for file, digest in listed]
    _refuse_wrong_text(path, [file for file, digest in found_paths if file and not digest])
    return found_paths


def _find(columns: dict[str, int], names: frozenset[str]) -> int | None:
    return next((n for name, n in columns.items() if name in names), None)


def _take(cells: list[str], column: int | None) -> str | None:
    text = cells[column] if column is not None and column < len(cells) else ""
    return restore_cell(text).strip() or None


def _parse_line(line: str, folder: Path) -> Listed:
    quoted = re.fullmatch(r"\"([^\"]+)\"|'([^']+)'", line)
    if quoted and not any(os.path.lexists(place / make_path(line)) for place in (folder, Path.cwd())):
        line = quoted[1] or quoted[2]
    return (None, line) if DIGEST.fullmatch(line) else (line, None)


def _refuse_wrong_text(path: Path, files: list[str]) -> None:
    """Raise CatalogError if names of files that do not exist have bytes that are not UTF-8."""
    wrong = [file for file in files if not _is_text(file) and not os.path.lexists(file)]
    if wrong:
        name = os.fsencode(Path(wrong[0]).name).decode(errors="replace")
        raise CatalogError(
            f"Cannot read the list '{path}': got {len(wrong):,} paths such as '{name}', which are not in UTF-8. Save "
            "the list as UTF-8, or give digests.", path=path,
        )  # fmt: skip


def _is_text(name: str) -> bool:
    """Say whether a name is UTF-8: other bytes are surrogates (PEP 383)."""
    return not any("\udc80" <= letter <= "\udcff" for letter in name)
