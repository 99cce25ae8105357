"""Find a local file by a name that another system or program wrote: with backslashes, other accents or ``~``."""

from __future__ import annotations

import os
import unicodedata
from functools import lru_cache
from pathlib import Path

from headstart.storage.remote_paths import make_path


def find_file(folder: Path, text: str) -> str | None:
    """Return the path of the existing local file that a text means, or None if there is none."""
    spellings = [text]
    spellings += [text.replace("\\", "/")] if "\\" in text else []
    spellings += [os.path.expanduser(spellings[-1])] if text.startswith("~") else []  # noqa: PTH111  a user may be unknown
    for spelling in spellings:
        file = str(folder / make_path(spelling))
        if os.path.lexists(file):
            return file
        if not spelling.isascii():
            other = _find_other_accents(folder, make_path(spelling))
            if other is not None:
                return other
    return None


def _find_other_accents(folder: Path, path: Path) -> str | None:
    """Return the file whose names differ from those of a path at most in how accents are written, or None."""
    found = folder / path.anchor
    for part in path.relative_to(path.anchor).parts:
        below = found / part
        if not os.path.lexists(below):
            name = _list_names(str(found)).get(unicodedata.normalize("NFC", part))
            if name is None:
                return None
            below = found / name
        found = below
    return str(found)


@lru_cache(maxsize=64)
def _list_names(folder: str) -> dict[str, str]:
    """Return the names with accents in a folder, by their composed form."""
    try:
        names = os.listdir(folder)  # noqa: PTH208  names alone
    except (OSError, ValueError):
        return {}
    return {unicodedata.normalize("NFC", name): name for name in names if not name.isascii()}
