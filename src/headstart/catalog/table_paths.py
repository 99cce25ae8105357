"""Find the files that the paths of a table mean, as other systems and programs write them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headstart.evaluation.notes import Note
from headstart.storage.file_spelling import find_file
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

    def choose_folder(self, texts: Sequence[str]) -> bool:
        """Choose the folder to which paths are relative, given all paths of the table or the first ones.

        The result is False if paths are relative, and none of their files is in either folder.
        """
        if isinstance(self.folder, RemotePath):
            return True
        tried = [text for text in texts[:: max(1, len(texts) // N_TRIED)] if _is_relative(text)]
        missing = [text for text in tried if not _is_there(self.folder, text)]
        n_there = sum(_is_there(self._here, text) for text in missing)
        if n_there > len(tried) - len(missing):
            self.folder = self._here
            text = f"Paths are relative to the working folder '{self._here}': the files are there."
            self.note = Note("layout", text)
        return not tried or len(missing) < len(tried) or n_there > 0

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


def _is_there(folder: Path, text: str) -> bool:
    """Say whether a file exists, or the tar shard or table that a photo is in."""
    if find_file(folder, text) is not None:
        return True
    return any((folder / part).is_file() for part in make_path(text).parents if part.name)


def _is_relative(text: str) -> bool:
    path = make_path(text)
    return bool(text) and not isinstance(path, RemotePath) and not path.is_absolute()
