"""Files that were hashed before and have not changed since: the next scan need not read them.

A file is known by its path and its stamp: size, times of its content and of its entry, and number on the disk. Every
way of changing a file changes one of them; this is how version control and backups know, too.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from headstart.folders import find_cache_folder

FILE_NAME = "digests-1.sqlite"  # another layout gets another name
PATHS_AT_ONCE = 500
SETTLED_S = 2.0  # a file may change again within what its file system takes for one moment, up to two seconds

Known = tuple[str, str]
"""A file's stamp and digest when it was last read."""


def make_stamp(status: os.stat_result) -> str | None:
    """Return what tells a file from its earlier contents, or None if it changed too lately to be sure."""
    if time.time() - max(status.st_mtime, status.st_ctime) < SETTLED_S:
        return None
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_dev} {status.st_ino}"


def name_file(path: Path, here: str) -> str:
    """Return the name under which a file is known: its path as given, from the root on."""
    return str(path) if path.is_absolute() else f"{here}{os.sep}{path}"


class KnownFiles:
    """The table of known files in the user's cache folder; without one, or where it is broken, no file is known."""

    def __init__(self, *, is_used: bool = True) -> None:
        self._connection: sqlite3.Connection | None = None
        if not is_used:
            return
        path = find_cache_folder() / FILE_NAME
        with suppress(OSError, sqlite3.Error):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA synchronous = OFF")  # what is lost is hashed again
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, digest TEXT NOT NULL) "
                "WITHOUT ROWID"
            )

    def recall(self, names: Sequence[str]) -> dict[str, Known]:
        """Return what is known of these files, by name."""
        known: dict[str, Known] = {}
        if self._connection is None:
            return known
        with suppress(sqlite3.Error, UnicodeEncodeError):  # a name that is no text is not known
            for start in range(0, len(names), PATHS_AT_ONCE):
                some = names[start : start + PATHS_AT_ONCE]
                query = f"SELECT path, stamp, digest FROM files WHERE path IN ({','.join('?' * len(some))})"  # noqa: S608
                known |= {path: (stamp, digest) for path, stamp, digest in self._connection.execute(query, some)}
        return known

    def remember(self, files: Mapping[str, Known]) -> None:
        """Keep what is known of files, by name."""
        if self._connection is None or not files:
            return
        rows = [(name, *file) for name, file in files.items()]
        with suppress(sqlite3.Error, UnicodeEncodeError), self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()


def forget_files() -> None:
    """Delete the table of known files."""
    for ending in ("", "-journal"):
        with suppress(OSError):
            (find_cache_folder() / f"{FILE_NAME}{ending}").unlink(missing_ok=True)
