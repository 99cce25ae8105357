"""The cache of features: one SQLite file, which processes share and which survives a killed process.

Each row carries a checksum. A row that does not match it counts as missing, so a hit equals a fresh computation bit for
bit.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
import warnings
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from headstart.errors import CacheError, CacheWarning
from headstart.storage.local_files import find_cache_folder
from headstart.storage.sqlite_cache import SqliteCache, select_rows

FILE_NAME = "features-2.sqlite"  # a new layout gets a new name, so that versions can share a folder
APPLICATION_ID = 0x48535446  # "HSTF", in the file's header, tells our files from those of other programs
WAIT_S = 60.0  # for another process that is writing
TABLES = ("features", "thumbnails", "measures")
COLUMNS = ["key", "checksum", "value"]


class FeatureCache(SqliteCache):
    """Features by key, on disk.

    A broken or foreign file is moved to another name (``.broken-N`` or ``.foreign-N``) with a warning, and a new one is
    created. If the folder cannot be written, there is no cache, and a warning says so. The default folder is that of
    `find_cache_folder`.
    """

    SIDE_FILES = ("-wal", "-shm")

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__((folder or find_cache_folder()) / FILE_NAME)

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, npt.NDArray[np.float32]]:
        """Return the cached features by key, (D,) float32 each; rows with a wrong checksum are left out."""
        return {key: np.frombuffer(value, "<f4") for key, value in self._get("features", keys)}

    def get_rows(self, table: str, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the cached rows of a table by key, as bytes; see `headstart.features.decoded_rows`."""
        return dict(self._get(table, keys))

    def _get(self, table: str, keys: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        def read(connection: sqlite3.Connection) -> list[tuple[bytes, bytes]]:
            rows = select_rows(connection, table, "key", keys)
            return [(key, value) for key, checksum, value in rows if zlib.crc32(value) == checksum]

        return self._attempt(read, [])

    def put_many(self, rows: Mapping[bytes, npt.NDArray[np.float32]]) -> None:
        """Store features, and replace those with the same keys; either all rows are written or none."""
        self._put("features", {key: np.ascontiguousarray(row, "<f4").tobytes() for key, row in rows.items()})

    def put_rows(self, table: str, rows: Mapping[bytes, bytes]) -> None:
        """Store rows of a table as `put_many` stores features."""
        self._put(table, rows)

    def _put(self, table: str, rows: Mapping[bytes, bytes]) -> None:
        def write(connection: sqlite3.Connection) -> None:
            values = [(key, zlib.crc32(data), data) for key, data in rows.items()]
            with connection:
                connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", values)  # noqa: S608

        self._attempt(write, None)

    def count(self) -> int:
        """Return the number of features in the cache."""
        query = "SELECT COUNT(*) FROM features"
        return self._attempt(lambda connection: int(connection.execute(query).fetchone()[0]), 0)

    def measure_bytes(self) -> int:
        """Return the bytes that the cache takes on disk, including the files that were moved as broken."""
        n_bytes = 0
        for path in [self.path, *map(self.beside, self.SIDE_FILES), *self._list_broken()]:
            with contextlib.suppress(OSError):  # another process may have deleted it
                n_bytes += path.stat().st_size
        return n_bytes

    def clear(self) -> int:
        """Empty the cache and return the number of freed bytes; other processes can go on using it.

        Files that were moved as broken are deleted. Foreign files stay: they belong to another program.
        """
        before = self.measure_bytes()

        def delete(connection: sqlite3.Connection) -> None:
            with connection:
                for table in TABLES:
                    connection.execute(f"DELETE FROM {table}")  # noqa: S608
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        self._attempt(delete, None)
        for path in self._list_broken():
            path.unlink(missing_ok=True)
        return before - self.measure_bytes()

    def _list_broken(self) -> list[Path]:
        return list(self.path.parent.glob(f"{FILE_NAME}.broken-*"))

    def _choose_new_path(self) -> Path:
        kind = "broken" if is_feature_cache(self.path) else "foreign"
        return self.beside(f".{kind}-{time.time_ns()}")

    def _warn(self, message: str) -> None:
        warnings.warn(message, CacheWarning, stacklevel=6)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=WAIT_S, check_same_thread=False)
        try:
            _prepare_table(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def open_feature_cache(*, cache: bool) -> contextlib.AbstractContextManager[FeatureCache | None]:
    """Open the user's cache of features; it is None if it is switched off."""
    return FeatureCache() if cache else contextlib.nullcontext()


def is_feature_cache(path: Path) -> bool:
    """Say by its header whether a file is a cache of features, even if SQLite refuses it (SQLite file format, 1.3)."""
    with path.open("rb") as file:
        header = file.read(100)
    return header.startswith(b"SQLite format 3\0") and int.from_bytes(header[68:72], "big") == APPLICATION_ID


def _prepare_table(connection: sqlite3.Connection) -> None:
    """Create the table; raise CacheError if the file belongs to another program or has other columns."""
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if tables and owner != APPLICATION_ID:
        raise CacheError("it belongs to another program")
    _begin_log(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for table in TABLES:
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {table} (key BLOB PRIMARY KEY, checksum INTEGER NOT NULL, value BLOB NOT NULL)"
        )
        columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
        if columns != COLUMNS:
            raise CacheError(f"its table has the columns {', '.join(columns)}, not {', '.join(COLUMNS)}")
    connection.commit()


def _begin_log(connection: sqlite3.Connection) -> None:
    """Turn on write-ahead logging: readers and one writer work at the same time, and kill -9 damages nothing.

    If two processes do this to a new file at the same moment, SQLite refuses one of them at once, whatever its timeout.
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
