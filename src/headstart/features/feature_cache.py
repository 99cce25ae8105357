"""The cache of features: one SQLite file, safe to kill, safe to share between processes.

A row carries a checksum, so that a hit equals a fresh computation bit for bit or is no hit.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from headstart.errors import CacheError, CacheWarning
from headstart.storage.local_files import find_cache_folder

Answer = TypeVar("Answer")
FILE_NAME = "features-1.sqlite"  # another layout gets another name: old and new versions then share a folder in peace
APPLICATION_ID = 0x48535446  # "HSTF", in the file's header, tells our files from other people's
KEYS_AT_ONCE = 500  # SQLite's default limit on variables is 999 in old builds
WAIT_S = 60.0  # for another process that is writing
COLUMNS = ["key", "checksum", "value"]
SIDE_FILES = ("-wal", "-shm")  # SQLite's own, beside the file


class FeatureCache:
    """Features by key, on disk.

    A file that is broken or foreign is set aside under another name (``.broken-N`` or ``.foreign-N``), with a warning,
    and a new one is begun. A folder that cannot be written means no cache, with a warning: training goes on.

    Parameters
    ----------
    folder
        Where the file lies; default `find_cache_folder`.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or find_cache_folder()) / FILE_NAME
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None  # of the file that was opened, whatever lies at the path later
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._give_up(error)
            return
        self._open()

    def _open(self) -> None:
        """Open the file; set it aside and begin a new one if it is not a cache that works."""
        for is_last_try in (False, True):
            try:
                self._identity = _identify(self.path)  # before it is opened: in doubt the file of today is left alone
                self._connection = _connect(self.path)
                self._identity = self._identity or _identify(self.path)
            except (sqlite3.OperationalError, OSError) as error:  # no right to write, disk full
                self._give_up(error)
                return
            except (sqlite3.DatabaseError, CacheError) as error:
                if is_last_try:
                    self._give_up(error)
                    return
                if not self._set_aside(error):
                    return
            else:
                return

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, npt.NDArray[np.float32]]:
        """Return the features that are there, (D,) float32 each; a row with a wrong checksum is not there."""

        def read(connection: sqlite3.Connection) -> dict[bytes, npt.NDArray[np.float32]]:
            found = {}
            for start in range(0, len(keys), KEYS_AT_ONCE):
                some = keys[start : start + KEYS_AT_ONCE]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, checksum, value FROM features WHERE key IN ({marks})"  # noqa: S608  only marks
                for key, checksum, value in connection.execute(query, some):
                    if zlib.crc32(value) == checksum:
                        found[key] = np.frombuffer(value, "<f4")
            return found

        return self._attempt(read, {})

    def put_many(self, rows: Mapping[bytes, npt.NDArray[np.float32]]) -> None:
        """Store features; what is there already is replaced. Either all rows are on disk afterwards or none."""

        def write(connection: sqlite3.Connection) -> None:
            values = [(key, zlib.crc32(data), data) for key, row in rows.items() for data in [_to_bytes(row)]]
            with connection:
                connection.executemany("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", values)

        self._attempt(write, None)

    def count(self) -> int:
        """Return the number of features in the cache."""
        query = "SELECT COUNT(*) FROM features"
        return self._attempt(lambda connection: int(connection.execute(query).fetchone()[0]), 0)

    def measure_bytes(self) -> int:
        """Return the bytes that the cache takes on disk, files that were set aside as broken included."""
        n_bytes = 0
        for path in [self.path, *map(self._beside, SIDE_FILES), *self._leftovers()]:
            with contextlib.suppress(OSError):  # other processes come and go
                n_bytes += path.stat().st_size
        return n_bytes

    def clear(self) -> int:
        """Empty the cache and return the bytes that are free again; other processes may go on using it.

        Files that were set aside as broken are deleted; foreign ones are not ours to delete.
        """
        before = self.measure_bytes()

        def delete(connection: sqlite3.Connection) -> None:
            with connection:
                connection.execute("DELETE FROM features")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        self._attempt(delete, None)
        for leftover in self._leftovers():
            leftover.unlink(missing_ok=True)
        return before - self.measure_bytes()

    def close(self) -> None:
        """Close the file; the cache answers nothing afterwards."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _leftovers(self) -> list[Path]:
        return list(self.path.parent.glob(f"{FILE_NAME}.broken-*"))

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)

    def _attempt(self, action: Callable[[sqlite3.Connection], Answer], otherwise: Answer) -> Answer:
        """Act on the file; whatever is wrong with it costs the cache, never the training."""
        if self._connection is None:
            return otherwise
        try:
            return action(self._connection)
        except sqlite3.OperationalError as error:
            self._give_up(error)
        except sqlite3.DatabaseError as error:
            if self._set_aside(error):
                self._open()
        return otherwise

    def _give_up(self, error: Exception) -> None:
        self.close()
        warnings.warn(
            f"Cannot use the cache of features {str(self.path)!r}: {error}. Going on without it: features will be "
            "computed again next time. Set HEADSTART_CACHE to a folder that can be written.",
            CacheWarning,
            stacklevel=4,
        )

    def _set_aside(self, error: Exception) -> bool:
        """Rename the file that was opened, with what lies beside it; say whether opening again makes sense.

        If another file lies at the path by now, another process has been faster, and nothing is renamed.
        """
        self.close()
        try:
            if self._identity is None or _identify(self.path) != self._identity:
                return True
            kind = "broken" if _is_ours(self.path) else "foreign"
            aside = self._beside(f".{kind}-{time.time_ns()}")
            moves = [(self._beside(ending), aside.with_name(aside.name + ending)) for ending in ("", *SIDE_FILES)]
            identities = [_identify(source) for source, _ in moves]
            for (source, target), identity in zip(moves, identities, strict=True):
                # looked at again: from the first rename on, another process may begin its own files
                if identity is not None and _identify(source) == identity:
                    source.replace(target)
        except OSError as problem:
            self._give_up(problem)
            return False
        warnings.warn(
            f"The cache of features {str(self.path)!r} cannot be read ({error}); it was set aside as "
            f"{aside.name!r} and a new one was begun.",
            CacheWarning,
            stacklevel=4,
        )
        return True


def _identify(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from others that have had its name; None if there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _is_ours(path: Path) -> bool:
    """Say whether a file that SQLite may refuse was ours, by its header (SQLite file format, 1.3)."""
    with path.open("rb") as file:
        header = file.read(100)
    return header.startswith(b"SQLite format 3\0") and int.from_bytes(header[68:72], "big") == APPLICATION_ID


def _to_bytes(row: npt.NDArray[np.float32]) -> bytes:
    return np.ascontiguousarray(row, "<f4").tobytes()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=WAIT_S, check_same_thread=False)
    try:
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        if tables and owner != APPLICATION_ID:
            raise CacheError("it belongs to another program")
        _begin_log(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS features (key BLOB PRIMARY KEY, checksum INTEGER NOT NULL, value BLOB NOT NULL)"
        )
        connection.commit()
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(features)")]
        if columns != COLUMNS:
            raise CacheError(f"its table has the columns {', '.join(columns)}, not {', '.join(COLUMNS)}")
    except BaseException:
        connection.close()
        raise
    return connection


def _begin_log(connection: sqlite3.Connection) -> None:
    """Let readers and one writer work at a time, and kill -9 do no harm.

    Of two processes that do this to a new file at once one is refused, however long it is told to wait.
    """
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
