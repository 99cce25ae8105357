"""Find the photos of a run that lists of paths and digests name."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.catalog.csv_file import read_cells
from headstart.catalog.hashing import hash_files
from headstart.catalog.photo import Photo
from headstart.catalog.table_columns import BY_NAME, find_columns
from headstart.errors import CatalogError, RunError
from headstart.pixels.file_format import is_photo_name
from headstart.storage.photo_folder import join_folder
from headstart.storage.spreadsheet_cells import restore_cell

RULE = "a text file with a path in each line, a CSV with a column path, or the path of a photo"
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ForgottenName:
    """A path or digest as a list has it, and the folder of the list. None: the path was given itself."""

    text: str
    folder: Path | None = None


def read_forgotten_names(given: Sequence[str | Path]) -> list[ForgottenName]:
    """Return the paths and digests that are given, or that the given lists have.

    A CSV ends in ``.csv`` and has a column of paths, such as ``path`` or ``file``. A name of a photo, or a path that
    does not exist, is that of a photo. Everything else is a text with a path, or a SHA-256, in each line. Empty lines
    do not count.

    Raises
    ------
    CatalogError
        If a list cannot be read, or is empty.
    """
    names: list[ForgottenName] = []
    for one in given:
        path = Path(one).expanduser()
        if path.is_dir():
            raise CatalogError(f"Cannot forget the photos in '{one}': got a folder, need {RULE}.", path=path)
        if is_photo_name(path.name) or not path.exists():
            names.append(ForgottenName(str(path)))
            continue
        lines = _read_list(path)
        if not lines:
            raise CatalogError(f"Cannot forget the photos in '{one}': got an empty list, need {RULE}.", path=path)
        names += [ForgottenName(line, path.parent) for line in lines]
    return names


def _read_list(path: Path) -> list[str]:
    try:
        if path.suffix.casefold() != ".csv":
            lines = path.read_text(encoding="utf-8-sig", errors="surrogateescape").splitlines()
            if any("\0" in line for line in lines):
                raise CatalogError(f"Cannot forget the photos in '{path}': got a binary file, need {RULE}.", path=path)
            return [line.strip() for line in lines if line.strip()]
        rows = read_cells(path, "a CSV of paths")
        _, header = next(rows)
        at = find_columns(path, "CSV", header, BY_NAME, needed=("path",)).positions["path"]
        return [text for _, cells in rows if at < len(cells) and (text := restore_cell(cells[at]).strip())]
    except (OSError, csv.Error, UnicodeError) as error:
        raise CatalogError(f"Cannot read '{path}': {error}. Need {RULE}.", path=path) from None


def find_forgotten(
    names: Sequence[ForgottenName], photos: Sequence[Photo], folder: Path, run: str, *, cache: bool = True
) -> frozenset[str]:
    """Return the digests of the photos of a run that are named.

    A name may be a path as in catalog.csv, a path to where the photo lay or lies now, also one that another file of the
    same content has, or a SHA-256. A relative path is that of the working folder, or of the folder of the list.

    Parameters
    ----------
    photos
        Rows of the run's catalog.csv, as `read_run_photos` returns them.
    folder
        Folder that their paths are relative to.

    Raises
    ------
    RunError
        If names stand for no photo of the run. The message lists all of them.
    """
    digests = {photo.digest for photo in photos}
    places = {photo.file: photo.digest for photo in photos}
    places |= {os.path.abspath(join_folder(folder, photo.file)): photo.digest for photo in photos}  # noqa: PTH100
    found, left = set[str](), list[tuple[ForgottenName, str]]()
    for name in names:
        paths = _list_paths(name)
        text = name.text.casefold()
        digest = text if text in digests and DIGEST.fullmatch(text) else _find(places, [name.text, *paths])
        if digest is not None:
            found.add(digest)
        else:
            left.append((name, next(filter(os.path.isfile, paths), paths[0])))
    unknown = []
    for (name, _), result in zip(left, hash_files([path for _, path in left], cache=cache), strict=True):
        if result.digest in digests:
            found.add(str(result.digest))
        else:
            unknown.append(name.text)
    if unknown:
        what = "1 photo" if len(unknown) == 1 else f"{len(unknown):,} photos"
        lines = [f"Cannot forget {what} that '{run}' does not have, by path or by content:"]
        lines += [f"  {text}" for text in unknown]
        lines.append("Correct the list: catalog.csv of the run has the paths of its photos.")
        raise RunError("\n".join(lines), path=run)
    return frozenset(found)


def _list_paths(name: ForgottenName) -> list[str]:
    """Return the absolute paths that a name may mean."""
    folders = [Path(), *([] if name.folder is None else [name.folder])]
    text = os.path.expanduser(name.text)  # noqa: PTH111  a text may be no path
    return [os.path.abspath(os.path.join(folder, text)) for folder in folders]  # noqa: PTH100, PTH118


def _find(places: Mapping[str, str], paths: Sequence[str]) -> str | None:
    return next((places[path] for path in paths if path in places), None)
