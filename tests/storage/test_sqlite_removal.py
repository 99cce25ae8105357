"""No byte of a removed row stays in the file, and nothing is claimed that is not so."""

import os
import sqlite3
import subprocess
import sys

import pytest

from headstart.storage import sqlite_removal
from headstart.storage.removal import Removal
from headstart.storage.sqlite_removal import IN_USE, delete_with_side_files, is_in_use, open_for_removal

N = 300
SIZES = (30, 5120)  # a row within a page, and one that continues on other pages


@pytest.fixture
def rows():
    return {n: os.urandom(SIZES[n % 2]) for n in range(N)}


@pytest.fixture
def path(tmp_path, rows):
    """A file with a log, in which each row has replaced another one."""
    path = tmp_path / "rows.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE rows (key INTEGER PRIMARY KEY, value BLOB)")
    for value in (lambda row: row[::-1], lambda row: row):
        with connection:
            connection.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?)", [(n, value(rows[n])) for n in rows])
    connection.close()
    return path


def remove(path, keys):
    removal = Removal("rows", "rows")
    with open_for_removal(path, removal) as connection:
        if connection is not None:
            connection.executemany("DELETE FROM rows WHERE key = ?", [(key,) for key in keys])
            removal.add(len(keys), 1)
    return removal


def read_all(path):
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_no_byte_of_removed_rows_stays(path, rows):
    gone = list(range(0, N, 3))
    removal = remove(path, gone)
    assert (removal.n_items, removal.problems) == (len(gone), [])
    content = read_all(path)
    for key in gone:
        for start in range(0, len(rows[key]) - 16, 16):  # pieces: a row may lie on several pages
            assert rows[key][start : start + 16] not in content
            assert rows[key][::-1][start : start + 16] not in content
    connection = sqlite3.connect(path)
    assert dict(connection.execute("SELECT * FROM rows")) == {n: row for n, row in rows.items() if n not in gone}
    connection.close()


def test_a_file_that_is_missing_is_not_made(tmp_path):
    with open_for_removal(tmp_path / "no.sqlite", Removal("rows", "rows")) as connection:
        assert connection is None
    assert not (tmp_path / "no.sqlite").exists()


def test_another_program_that_has_the_file_open_is_a_problem_and_goes_on(path, rows):
    script = (
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "print(c.execute('SELECT COUNT(*) FROM rows').fetchone()[0], flush=True)\nsys.stdin.readline()\n"
        "c.execute('INSERT INTO rows VALUES (1000, ?)', (b'new',))\n"
        "print(c.execute('SELECT COUNT(*) FROM rows').fetchone()[0], c.execute('PRAGMA integrity_check').fetchone()[0])"
    )
    command = [sys.executable, "-c", script, str(path)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == f"{N}\n"
    assert is_in_use(path)
    removal = remove(path, [0, 1])
    assert (removal.n_items, removal.problems) == (2, [IN_USE])
    assert rows[1][:16] not in read_all(path)
    said, _ = other.communicate("\n", timeout=60)
    assert said == f"{N - 1} ok\n"
    assert not is_in_use(path)


def test_a_reader_keeps_deleted_rows_in_the_log_which_is_said(path, rows, monkeypatch):
    monkeypatch.setattr(sqlite_removal, "WAIT_S", 0.1)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM rows").fetchone()
    removal = remove(path, [0, 1])
    reader.close()
    assert removal.problems == [IN_USE, "bytes of the deleted rows are still in its log"]
    assert remove(path, [0, 1]).problems == []
    assert rows[1][:16] not in read_all(path)


def test_a_writer_stops_the_removal_and_nothing_is_counted(path, monkeypatch):
    monkeypatch.setattr(sqlite_removal, "WAIT_S", 0.1)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    removal = remove(path, [0, 1])
    writer.close()
    assert (removal.n_items, removal.is_undone) == (0, True)
    assert removal.problems == ["nothing was removed: database is locked"]


def test_an_error_within_the_block_changes_nothing(path):
    removal = Removal("rows", "rows")
    with open_for_removal(path, removal) as connection:
        connection.execute("DELETE FROM rows")
        removal.add(N, 1)
        connection.execute("DELETE FROM other")
    assert removal.problems == ["nothing was removed: no such table: other"]
    assert removal.n_items == 0
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT COUNT(*) FROM rows").fetchone() == (N,)
    connection.close()


def test_a_full_disk_is_said(path, monkeypatch):
    class Full(sqlite3.Connection):
        def execute(self, query, *arguments):
            if query == "VACUUM":
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(query, *arguments)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite_removal.sqlite3, "connect", lambda *a, **o: connect(*a, factory=Full, **o))
    removal = remove(path, [0])
    assert removal.problems == ["rows were deleted, but their bytes are still in the file: database or disk is full"]
    removal = remove(path, [])  # nothing was deleted, and nothing is claimed
    assert removal.problems == ["nothing was removed: database or disk is full"]
    assert removal.is_undone


def test_a_damaged_file_is_an_error(path):
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    with pytest.raises(sqlite3.DatabaseError, match=r"not a database|malformed"):
        remove(path, [0])


def test_side_files_are_deleted_with_the_file(tmp_path):
    for ending in ("", "-wal", "-shm", "-journal"):
        (tmp_path / f"a{ending}").write_bytes(b"1")
    removal = Removal("rows", "rows")
    delete_with_side_files(tmp_path / "a", removal)
    assert list(tmp_path.iterdir()) == []
    assert removal.n_items == 4
