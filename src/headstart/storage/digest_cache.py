"""The cache of digests: the next scan reads no file that was hashed before and has not changed.

A file is known by its path and its stamp: size, time of the last change of content and of inode, device and inode. No
program can change a file and keep the inode's time; version control and backup programs rely on it, too. Windows has
no such time, so every file is read there.
"""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from headstart.storage.local_files import find_cache_folder
from headstart.storage.removal import Removal
from headstart.storage.sqlite_cache import SqliteCache, select_rows
from headstart.storage.sqlite_removal import delete_with_side_files, open_for_removal

FILE_NAME = "digests-2.sqlite"  # another layout gets another name
SETTLED_S = 2.0  # file systems store times in steps of up to two seconds: a file can change twice within one step

Known = tuple[str, str]
"""Stamp and digest of a file at the last reading."""


def make_stamp(status: os.stat_result) -> str | None:
    """Return the stamp of a file, or None if the file changed too recently for a reliable one."""
    if time.time() - max(status.st_mtime, status.st_ctime) < SETTLED_S:
        return None
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_dev} {status.st_ino}"


def name_file(path: str, here: str) -> str:
    """Return the name under which a file is known: its absolute path, with links kept."""
    return path if os.path.isabs(path) else f"{here}{os.sep}{path}"  # noqa: PTH117  a `Path` is slower


class DigestCache(SqliteCache):
    """Digests of known files, in the user's cache folder. It reports no problem: files are hashed again."""

    SIDE_FILES = ("-journal",)

    def __init__(self, *, cache: bool = True) -> None:
        super().__init__(find_cache_folder() / FILE_NAME, cache=cache and os.name != "nt")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=5.0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, "
                "digest TEXT NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID"
            )
        except BaseException:
            connection.close()
            raise
        return connection

    def recall(self, names: Sequence[str]) -> dict[str, Known]:
        """Return stamp and digest of the known files among these, by name."""
        known: dict[str, Known] = {}

        def read(connection: sqlite3.Connection) -> None:
            for path, stamp, digest, checksum in select_rows(connection, "files", "path", names):
                if _sum(path, stamp, digest) == checksum:
                    known[path] = (stamp, digest)

        with suppress(UnicodeEncodeError):  # a name that is not text is not known
            self._attempt(read, None)
        return known

    def find_digests(self, paths: Collection[str]) -> dict[str, list[str]]:
        """Return the digests that files had when they were last read, by absolute path, however they were named then.

        The files need not exist any more. Every row is read.
        """
        found: dict[str, list[str]] = {}

        def read(connection: sqlite3.Connection) -> None:
            for name, digest in connection.execute("SELECT path, digest FROM files"):
                path = os.path.normpath(name)
                if path in paths:
                    found.setdefault(path, []).append(digest)

        self._attempt(read, None)
        return found

    def find_paths(self, digests: Collection[str]) -> list[tuple[str, str]]:
        """Return path and digest of each file that had one of these digests when it was last read.

        Every row is read.
        """
        found: list[tuple[str, str]] = []

        def read(connection: sqlite3.Connection) -> None:
            rows = connection.execute("SELECT path, digest FROM files")
            found.extend((name, digest) for name, digest in rows if digest in digests)

        self._attempt(read, None)
        return found

    def remember(self, files: Mapping[str, Known]) -> None:
        """Keep stamp and digest of files, by name."""
        rows = [(name, *file, _sum(name, *file)) for name, file in files.items()]

        def write(connection: sqlite3.Connection) -> None:
            with connection:
                connection.execute("BEGIN")
                connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)

        if rows:
            with suppress(UnicodeEncodeError):
                self._attempt(write, None)


def forget_digests(digests: Collection[str], paths: Collection[str]) -> tuple[Removal, dict[str, list[str]]]:
    """Remove the rows with one of these digests, or of files with one of these absolute paths.

    Returns
    -------
    What was removed, and the paths that were in it by digest.
    """
    removal, found = Removal("digests", "paths of files and their digests"), dict[str, list[str]]()
    file = find_cache_folder() / FILE_NAME
    try:
        with open_for_removal(file, removal) as connection:
            rows = [] if connection is None else connection.execute("SELECT path, stamp, digest FROM files").fetchall()
            for name, stamp, digest in rows:
                if connection is not None and (digest in digests or os.path.normpath(name) in paths):
                    connection.execute("DELETE FROM files WHERE path = ?", (name,))
                    found.setdefault(digest, []).append(name)
                    removal.add(1, len(name.encode(errors="surrogatepass")) + len(stamp) + len(digest))
    except sqlite3.DatabaseError:  # damaged: it cannot be searched
        delete_with_side_files(file, removal)
    return removal, {} if removal.is_undone else found


def _sum(*texts: str) -> int:
    return zlib.crc32("\0".join(texts).encode(errors="surrogatepass"))


def measure_digest_cache() -> int:
    """Return the bytes that the cache of digests takes on disk."""
    with suppress(OSError):
        return (find_cache_folder() / FILE_NAME).stat().st_size
    return 0


def clear_digest_cache() -> None:
    """Delete the cache of digests."""
    for ending in ("", "-journal"):
        with suppress(OSError):
            (find_cache_folder() / f"{FILE_NAME}{ending}").unlink(missing_ok=True)
