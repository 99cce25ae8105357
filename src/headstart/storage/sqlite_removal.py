"""Remove rows from a cache in SQLite so that none of their bytes stay in its files.

SQLite itself only marks the place of a deleted row as free. Copies of it may also be in its log, in the free part of
other pages, and, where the row was replaced earlier, in free pages. So the whole file is written anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headstart.storage.removal import Removal

WAIT_S = 20.0  # for another process that is writing
IN_USE = "another program has it open and may write the same again"


@contextmanager
def open_for_removal(path: Path, removal: Removal) -> Iterator[sqlite3.Connection | None]:
    """Open a file, and write it anew after the block; None if there is no file, or if it cannot be changed now.

    What fails becomes a problem of ``removal``: a file that is locked, a full disk, another program that has the file
    open. The counts of ``removal`` are set back if nothing was removed.

    Raises
    ------
    sqlite3.DatabaseError
        If the file is damaged.
    """
    if not path.exists():
        yield None
        return
    connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
    try:
        try:
            connection.execute("PRAGMA secure_delete = ON")
            is_alone = _end_log(connection)
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            removal.undo(str(error))
            yield None
            return
        try:
            yield connection
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            removal.undo(str(error))
            return
        _write_anew(connection, removal, is_alone=is_alone)
    finally:
        connection.close()  # ends an open transaction without a change


def _write_anew(connection: sqlite3.Connection, removal: Removal, *, is_alone: bool) -> None:
    try:
        connection.execute("VACUUM")
        if is_alone:
            return
        removal.problems.append(IN_USE)
        if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            removal.problems.append("bytes of the deleted rows are still in its log")
    except sqlite3.OperationalError as error:  # such as a full disk
        if not connection.total_changes:
            removal.undo(str(error))
            return
        removal.problems.append(f"rows were deleted, but their bytes are still in the file: {error}")


def delete_with_side_files(path: Path, removal: Removal) -> None:
    """Delete a file of SQLite and the files that SQLite puts beside it."""
    for ending in ("-wal", "-shm", "-journal", ""):
        side = path.with_name(path.name + ending)
        if side.exists():
            removal.delete(side)


def is_in_use(path: Path) -> bool:
    """Say whether another program has a file with a log open, or is writing a file without one."""
    try:
        connection = sqlite3.connect(path, timeout=1.0, isolation_level=None)
        try:
            if not _end_log(connection):
                return True
            connection.execute("BEGIN EXCLUSIVE")
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        return "locked" in str(error)
    except sqlite3.DatabaseError:  # damaged
        return False
    return False


def _end_log(connection: sqlite3.Connection) -> bool:
    """Write the log into the file and delete it, and lock the file; say whether that was possible.

    SQLite refuses it while another connection is open. The next process that opens the file begins a new log.
    """
    try:
        mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    if mode == "delete":
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    return bool(mode == "delete")
