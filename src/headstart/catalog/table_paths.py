"""Find the files that the paths of a table mean, as other systems and programs write them."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from headstart.evaluation.notes import Note
from headstart.storage.remote_paths import RemotePath, make_path

N_TRIED = 200  # paths of a table that decide which folder they are relative to


class TablePaths:
    r"""Turns the paths of a table into paths of files.

    Paths are absolute, URIs, or relative to ``folder``, that of the table. If more of the files are in the working
    folder, all paths of the table are relative to that one. A file that does not exist as written is looked for with
    ``/`` for ``\``, with accents composed or decomposed (Unicode NFC, NFD), and with ``~`` for the home folder.

    Attributes
    ----------
    folder
        Folder to which paths are relative.
    note
        Note on this folder if it is the working folder, or None.
    """

    def __init__(self, folder: Path, here: Path | None = None) -> None:
        self.folder = folder
        self.note: Note | None = None
        self._here = Path.cwd() if here is None else here

    def choose_folder(self, texts: Sequence[str]) -> None:
        """Choose the folder to which paths are relative, given all paths of the table or the first ones."""
        if isinstance(self.folder, RemotePath) or self.folder.absolute() == self._here:
            return
        tried = [text for text in texts[:: max(1, len(texts) // N_TRIED)] if _is_relative(text)]
        missing = [text for text in tried if find_file(self.folder, text) is None]
        n_there = sum(find_file(self._here, text) is not None for text in missing)
        if n_there > len(tried) - len(missing):
            self.folder = self._here
            text = f"Paths are relative to the working folder '{self._here}': the files are there."
            self.note = Note("layout", text)

    def find(self, text: str) -> str:
        """Return the path of the file that a path of the table means. It need not exist."""
        path = make_path(text)
        if isinstance(path, RemotePath):
            return str(path)
        is_plain = text.isascii() and "\\" not in text and not text.startswith("~")
        if not is_plain and not isinstance(self.folder, RemotePath):
            found = find_file(self.folder, text)
            if found is not None:
                return found
            path = make_path(text.replace("\\", "/"))
        return str(self.folder / path)


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


def _is_relative(text: str) -> bool:
    path = make_path(text)
    return bool(text) and not isinstance(path, RemotePath) and not path.is_absolute()
