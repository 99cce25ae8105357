"""Files that were hashed before and have not changed since: the next scan need not read them.

A file is known by its path and its stamp: size, times of its content and of its entry, and number on the disk. Where
the system keeps the time at which an entry changed, no program can change a file and keep its stamp; this is how
version control and backups know, too. Windows keeps none, so there every file is read each time.
"""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Self

from headstart.storage.local_files import find_cache_folder

FILE_NAME = "digests-2.sqlite"  # another layout gets another name
PATHS_AT_ONCE = 500
SETTLED_S = 2.0  # a file may change again within what its file system takes for one moment, up to two seconds

Known = tuple[str, str]
"""A file's stamp and digest when it was last read."""


def make_stamp(status: os.stat_result) -> str | None:
    """Return what tells a file from its earlier contents, or None if it changed too lately to be sure."""
    if time.time() - max(status.st_mtime, status.st_ctime) < SETTLED_S:
        return None
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_dev} {status.st_ino}"


def name_file(path: str, here: str) -> str:
    """Return the name under which a file is known: its path as given, from the root on."""
    return path if os.path.isabs(path) else f"{here}{os.sep}{path}"  # noqa: PTH117  a `Path` takes longer


class DigestCache:
    """The table of known files in the user's cache folder; without one, or where it is broken, no file is known."""

    def __init__(self, *, cache: bool = True) -> None:
        self._connection: sqlite3.Connection | None = None
        if cache and os.name != "nt":
            with suppress(OSError, sqlite3.Error):
                self._open()

    def _open(self) -> None:
        path = find_cache_folder() / FILE_NAME
        path.parent.mkdir(parents=True, exist_ok=True)
        for is_last_try in (False, True):
            connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
            try:
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, "
                    "digest TEXT NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID"
                )
            except sqlite3.OperationalError:  # no right to write, or another process is at it for long
                connection.close()
                raise
            except sqlite3.DatabaseError:  # broken: what it knew is found out again
                connection.close()
                if is_last_try:
                    raise
                path.unlink()
            else:
                self._connection = connection
                return

    def recall(self, names: Sequence[str]) -> dict[str, Known]:
        """Return what is known of these files, by name."""
        known: dict[str, Known] = {}
        if self._connection is None:
            return known
        with suppress(sqlite3.Error, UnicodeEncodeError):  # a name that is no text is not known
            for start in range(0, len(names), PATHS_AT_ONCE):
                some = names[start : start + PATHS_AT_ONCE]
                query = f"SELECT * FROM files WHERE path IN ({','.join('?' * len(some))})"  # noqa: S608
                for path, stamp, digest, checksum in self._connection.execute(query, some):
                    if _sum(path, stamp, digest) == checksum:
                        known[path] = (stamp, digest)
        return known

    def remember(self, files: Mapping[str, Known]) -> None:
        """Keep what is known of files, by name."""
        if self._connection is None or not files:
            return
        rows = [(name, *file, _sum(name, *file)) for name, file in files.items()]
        with suppress(sqlite3.Error, UnicodeEncodeError), self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()


def _sum(*texts: str) -> int:
    return zlib.crc32("\0".join(texts).encode(errors="surrogatepass"))


def measure_digest_cache() -> int:
    """Return the bytes that the table takes on disk."""
    with suppress(OSError):
        return (find_cache_folder() / FILE_NAME).stat().st_size
    return 0


def clear_digest_cache() -> None:
    """Delete the table of known files."""
    for ending in ("", "-journal"):
        with suppress(OSError):
            (find_cache_folder() / f"{FILE_NAME}{ending}").unlink(missing_ok=True)
