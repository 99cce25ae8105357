"""The cache of features: one SQLite file, safe to kill, safe to share between processes.

A row carries a checksum, so that a hit equals a fresh computation bit for bit or is no hit.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from headstart.errors import CacheError

Answer = TypeVar("Answer")
FILE_NAME = "features-1.sqlite"  # another layout gets another name: old and new versions then share a folder in peace
APPLICATION_ID = 0x48535446  # "HSTF", in the file's header, tells our files from other people's
KEYS_AT_ONCE = 500  # SQLite's default limit on variables is 999 in old builds
WAIT_S = 60.0  # for another process that is writing


def find_cache_folder() -> Path:
    """Return the folder of the cache: ``$HEADSTART_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("HEADSTART_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("headstart"))


class FeatureCache:
    """Features by key, on disk.

    A file that is broken or foreign is set aside under another name, with a warning, and a new one is begun. A folder
    that cannot be written means no cache, with a warning: training goes on.

    Parameters
    ----------
    folder
        Where the file lies; default `find_cache_folder`.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or find_cache_folder()) / FILE_NAME
        self._connection: sqlite3.Connection | None = None
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
                self._connection = _connect(self.path)
            except sqlite3.OperationalError as error:  # no right to write, disk full
                self._give_up(error)
                return
            except (sqlite3.DatabaseError, CacheError) as error:
                if is_last_try:
                    self._give_up(error)
                    return
                self._set_aside(error)
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
        """Return the bytes that the cache takes on disk."""
        return sum(path.stat().st_size for path in self._files())

    def clear(self) -> int:
        """Empty the cache and return the bytes that are free again; other processes may go on using it."""
        before = self.measure_bytes()

        def delete(connection: sqlite3.Connection) -> None:
            with connection:
                connection.execute("DELETE FROM features")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        self._attempt(delete, None)
        for leftover in self.path.parent.glob(f"{FILE_NAME}.broken-*"):
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

    def _files(self) -> Iterator[Path]:
        return (path for path in self.path.parent.glob(f"{FILE_NAME}*") if path.is_file())

    def _attempt(self, action: Callable[[sqlite3.Connection], Answer], otherwise: Answer) -> Answer:
        """Act on the file; whatever is wrong with it costs the cache, never the training."""
        if self._connection is None:
            return otherwise
        try:
            return action(self._connection)
        except sqlite3.OperationalError as error:
            self._give_up(error)
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
            self._open()
        return otherwise

    def _give_up(self, error: Exception) -> None:
        self.close()
        warnings.warn(
            f"Cannot use the cache of features {str(self.path)!r}: {error}. Going on without it: features will be "
            "computed again next time. Set HEADSTART_CACHE to a folder that can be written.",
            stacklevel=4,
        )

    def _set_aside(self, error: Exception) -> None:
        self.close()
        aside = self.path.with_name(f"{self.path.name}.broken-{time.time_ns()}")
        with contextlib.suppress(FileNotFoundError):  # another process may have been faster
            self.path.replace(aside)
        for side_file in ("-wal", "-shm"):
            self.path.with_name(self.path.name + side_file).unlink(missing_ok=True)
        warnings.warn(
            f"The cache of features {str(self.path)!r} cannot be read ({error}); it was set aside as "
            f"{aside.name!r} and a new one was begun.",
            stacklevel=4,
        )


def _to_bytes(row: npt.NDArray[np.float32]) -> bytes:
    return np.ascontiguousarray(row, "<f4").tobytes()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=WAIT_S, check_same_thread=False)
    try:
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        if tables and owner != APPLICATION_ID:
            raise CacheError("it belongs to another program")
        connection.execute("PRAGMA journal_mode = WAL")  # readers and one writer at a time, and kill -9 does no harm
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS features (key BLOB PRIMARY KEY, checksum INTEGER NOT NULL, value BLOB NOT NULL)"
        )
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection
