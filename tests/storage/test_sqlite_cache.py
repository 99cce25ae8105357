"""A SQLite cache replaces a broken file and is silent where its subclass is."""

import os
import sqlite3

import pytest

from headstart.storage.sqlite_cache import KEYS_AT_ONCE, SqliteCache, select_rows


class Numbers(SqliteCache):
    """Numbers and their squares."""

    SIDE_FILES = ("-journal",)

    def _connect(self):
        connection = sqlite3.connect(self.path)
        try:
            connection.execute("CREATE TABLE IF NOT EXISTS squares (number TEXT PRIMARY KEY, square INTEGER)")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def put(self, numbers):
        rows = [(str(n), n * n) for n in numbers]

        def write(connection):
            with connection:
                connection.executemany("INSERT INTO squares VALUES (?, ?)", rows)

        self._attempt(write, None)

    def get(self, numbers):
        keys = [str(n) for n in numbers]
        return self._attempt(lambda connection: dict(select_rows(connection, "squares", "number", keys)), {})


def test_rows_are_found_by_more_keys_than_one_query_takes(tmp_path):
    with Numbers(tmp_path / "folder" / "numbers.sqlite") as numbers:
        numbers.put(range(1, KEYS_AT_ONCE * 2))
        found = numbers.get(range(KEYS_AT_ONCE * 2 + 1))
    assert found == {str(n): n * n for n in range(1, KEYS_AT_ONCE * 2)}


@pytest.mark.parametrize("start", [0, 4096])  # noticed when the file is opened, or when it is read
def test_a_broken_file_is_replaced_with_its_side_files(tmp_path, start):
    path, journal = tmp_path / "numbers.sqlite", tmp_path / "numbers.sqlite-journal"
    with Numbers(path) as numbers:
        numbers.put(range(2000))
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xee" * (path.stat().st_size - 4096))
    journal.write_bytes(b"left by a killed process")
    with Numbers(path) as numbers:
        assert numbers.get([1000]) == {}
        assert not journal.exists()
        numbers.put([7])
        assert numbers.get([7, 8]) == {"7": 49}


def test_a_file_that_cannot_be_opened_means_an_empty_cache(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "numbers.sqlite", tmp_path):
        with Numbers(path) as numbers:
            numbers.put([7])
            assert numbers.get([7]) == {}


def test_a_cache_that_is_switched_off_creates_no_file(tmp_path):
    with Numbers(tmp_path / "numbers.sqlite", cache=False) as numbers:
        numbers.put([7])
        assert numbers.get([7]) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_opens_the_file_again(tmp_path):
    with Numbers(tmp_path / "numbers.sqlite") as numbers:
        numbers.put([2])
        inherited = numbers._connection
        child = os.fork()
        if child == 0:
            code = 1
            try:
                is_left = numbers._connection is None
                numbers.put([3])
                code = 0 if is_left and numbers._connection is not inherited and numbers.get([2, 3]) else 1
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        assert numbers._connection is inherited
        assert numbers.get([2, 3]) == {"2": 4, "3": 9}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_closed_cache_stays_closed_in_a_forked_child(tmp_path):
    numbers = Numbers(tmp_path / "numbers.sqlite")
    numbers.close()
    child = os.fork()
    if child == 0:
        os._exit(int(numbers.get([2]) != {} or numbers._connection is not None))
    assert os.waitpid(child, 0)[1] == 0
