"""A cache in one SQLite file: a broken file is replaced, and a file that cannot be used stops no work."""

from __future__ import annotations

import errno
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from headstart.errors import CacheError
from headstart.process.forks import abandon, watch_forks

Result = TypeVar("Result")
Identity = tuple[int, int]
KEYS_AT_ONCE = 500  # SQLite's default limit on variables is 999 in old builds


class SqliteCache:
    """The file, its connection, and the treatment of errors; a subclass defines the table.

    A broken file is moved or deleted, and a new one is created. If a file cannot be used, or without ``cache``, the
    cache finds nothing and keeps nothing. After an error such as a long lock it stays so until it is opened again.
    """

    SIDE_FILES: ClassVar[tuple[str, ...]]
    """Endings of the files that SQLite itself puts beside the file."""

    def __init__(self, path: Path, *, cache: bool = True) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._identity: Identity | None = None  # of the opened file; another file may have its path later
        self._is_inherited = False  # from the parent of this process, which was forked
        if cache:
            self._open()
            watch_forks(self)

    def _connect(self) -> sqlite3.Connection:
        """Open the file and create the table; raise CacheError, with the reason alone, for a file of another kind."""
        raise NotImplementedError

    def _choose_new_path(self) -> Path | None:
        """Return the path to move a broken file to, or None to delete the file."""
        return None

    def _warn(self, message: str) -> None:
        """Tell the user about a problem. The base class is silent."""

    def _open(self) -> None:
        for is_last_try in (False, True):
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._identity = _identify(self.path)  # before opening: in doubt, the present file is left alone
                self._connection = self._connect()
                self._identity = self._identity or _identify(self.path)
            except (sqlite3.OperationalError, OSError) as error:  # no right to write, a full disk, a long lock
                self._give_up(error)
            except (sqlite3.DatabaseError, CacheError) as error:
                if is_last_try:
                    self._give_up(error)
                elif self._discard(error):
                    continue
            return

    def _attempt(self, action: Callable[[sqlite3.Connection], Result], otherwise: Result) -> Result:
        """Return the result of an action on the file; on an error of the file return ``otherwise``."""
        if self._is_inherited:
            self._is_inherited = False
            self._open()
        if self._connection is None:
            return otherwise
        try:
            return action(self._connection)
        except sqlite3.OperationalError as error:
            self._give_up(error)
        except sqlite3.DatabaseError as error:
            if self._discard(error):
                self._open()
        return otherwise

    def _give_up(self, error: Exception) -> None:
        self.close()
        self._warn(
            f"Cannot use the cache {str(self.path)!r}: {error}. Going on without it: its content is computed again "
            "next time. Set HEADSTART_CACHE to a folder that can be written."
        )

    def _discard(self, error: Exception) -> bool:
        """Move or delete the broken file that was opened, with its side files; say whether to open again.

        If another process has replaced the file meanwhile, nothing is moved or deleted.
        """
        self.close()
        try:
            if self._identity is None or _identify(self.path) != self._identity:
                return True
            new_path, endings = self._choose_new_path(), ("", *self.SIDE_FILES)
            identities = [_identify(self.beside(ending)) for ending in endings]
            for ending, identity in zip(endings, identities, strict=True):
                file = self.beside(ending)
                # compared again: after the first step another process may create its own files
                if identity is None or _identify(file) != identity:
                    continue
                if new_path is None:
                    file.unlink()
                else:
                    file.replace(new_path.with_name(new_path.name + ending))
        except OSError as problem:
            self._give_up(problem)
            return False
        if new_path is not None:
            self._warn(f"'{self.path}' was moved to '{new_path}', and a new cache was created: {error}.")
        return True

    def beside(self, ending: str) -> Path:
        """Return the path of the file with an ending added to its name."""
        return self.path.with_name(self.path.name + ending)

    def close(self) -> None:
        """Close the file; the cache is empty afterwards."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def leave_to_parent(self) -> None:
        """Forget the connection, which must not be used or closed after a fork; the next use opens the file again."""
        if self._connection is not None:
            abandon(self._connection)
            self._connection, self._is_inherited = None, True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def select_rows(
    connection: sqlite3.Connection, table: str, column: str, keys: Sequence[str | bytes]
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table whose column holds one of the keys."""
    for start in range(0, len(keys), KEYS_AT_ONCE):
        some = keys[start : start + KEYS_AT_ONCE]
        marks = ",".join("?" * len(some))
        yield from connection.execute(f"SELECT * FROM {table} WHERE {column} IN ({marks})", some)  # noqa: S608


def _identify(path: Path) -> Identity | None:
    """Return device and inode of a file, which tell it from a later file of the same name; None if it is missing.

    OSError is raised for a pipe or a device.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    return status.st_dev, status.st_ino
