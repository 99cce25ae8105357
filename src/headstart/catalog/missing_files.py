"""Say which files of a table do not exist, and the likely cause."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from headstart.catalog.photo import Skip
from headstart.evaluation.notes import Note
from headstart.evaluation.words import count_photos
from headstart.pixels.file_format import is_photo_name
from headstart.storage.remote_paths import RemotePath

MISSING = ("does not exist", "cannot be read: No such file or directory")  # reasons of a scan and of an embedding
N_FOLDERS = 200  # folders beside the expected place that are searched for the file


def note_missing(skipped: Sequence[Skip], n_listed: int, root: Path) -> Note | None:
    """Return a note on the listed files that do not exist, or None if all do.

    It has the full path of the first one and the likely cause. ``root`` is the folder that the paths are relative to.
    """
    missing = [skip.path for skip in skipped if skip.reason in MISSING]
    if not missing:
        return None
    first = missing[0].absolute()
    do = "does" if len(missing) == 1 else "do"
    text = f"{len(missing):,} of {count_photos(n_listed)} {do} not exist, such as '{first}'"
    cause = None if isinstance(first, RemotePath) else explain_missing(first, root.absolute())
    return Note("missing-files", f"{text}: {cause}." if cause else f"{text}.", "warning")


def explain_missing(file: Path, root: Path) -> str:
    """Return the likely cause why a local file does not exist."""
    if os.path.lexists(file):
        return "it is a link to a file that does not exist"
    text = file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
    folder = _find_existing(file)
    cause = _compare_names(folder, file.relative_to(folder).parts)
    if cause is not None:
        return cause
    moved = _find_below(root, text)
    drive = re.match(r"[A-Za-z]:(?=[\\/])|\\\\[^\\]+|//[^/]+", text)
    if drive:
        cause = f"the paths begin with a drive letter or server of another machine ('{drive[0]}')"
    elif file.is_relative_to(root):
        cause = f"there is no '{file.relative_to(folder).parts[0]}' in '{folder}'"
    else:
        cause = f"there is no '{folder / file.relative_to(folder).parts[0]}': the paths may be those of another machine"
    return f"{cause}; {moved}" if moved else cause


def _find_existing(file: Path) -> Path:
    """Return the deepest existing folder in a path."""
    return next((folder for folder in file.parents if folder.is_dir()), Path(file.anchor))


def _compare_names(folder: Path, parts: Sequence[str]) -> str | None:
    """Compare the first missing name of a path with the names in its folder."""
    name, is_last = parts[0], len(parts) == 1
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208  names alone
    except OSError:
        return None
    for other in filter(is_photo_name, names) if is_last else ():
        if Path(other).stem == name:
            return f"the paths have no suffix; files with the suffix {Path(other).suffix} exist"
        if Path(other).stem == Path(name).stem:
            return f"files with the suffix {Path(other).suffix} exist, such as '{folder / other}'"
    for other in names:
        if other.casefold() == name.casefold():
            return f"'{folder / other}' exists: upper and lower case differ"
        if other == unquote(name):
            return f"'{folder / other}' exists: the paths are written as in a web address, with %"
    return None


def _find_below(root: Path, text: str) -> str | None:
    """Look for a file in other places at and below the root: without its first folders, or in one more folder."""
    parts = [part for part in re.split(r"[\\/]+", text) if part]
    for n in range(1, len(parts)):
        place = root.joinpath(*parts[n:])
        if os.path.lexists(place):
            return f"'{place}' exists: remove '{'/'.join(parts[:n])}' from the paths"
    try:
        with os.scandir(root) as entries:
            folders = [entry.path for entry, _ in zip(entries, range(N_FOLDERS), strict=False) if entry.is_dir()]
    except OSError:
        return None
    for folder in sorted(folders):
        place = Path(folder, *parts)
        if os.path.lexists(place) or (place.parent.is_dir() and _compare_names(place.parent, parts[-1:])):
            return f"the files may be in '{folder}', whose name the paths lack"
    return None
