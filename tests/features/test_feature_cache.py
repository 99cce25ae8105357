"""The cache is exact, is shared by processes, and never stops a training."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from headstart.features.feature_cache import APPLICATION_ID, FILE_NAME, FeatureCache

ROW = np.random.default_rng(0).normal(size=1280).astype(np.float32)


@pytest.fixture
def cache(tmp_path):
    with FeatureCache(tmp_path) as cache:
        yield cache


def test_a_hit_equals_what_was_stored_bit_for_bit(cache):
    cache.put_many({b"k": ROW})
    hit = cache.get_many([b"k", b"other"])
    assert list(hit) == [b"k"]
    assert hit[b"k"].tobytes() == ROW.tobytes()


def test_many_keys_at_once(cache):
    rows = {str(i).encode(): ROW * i for i in range(1234)}
    cache.put_many(rows)
    assert cache.count() == 1234
    hits = cache.get_many(list(rows))
    assert all((hits[key] == row).all() for key, row in rows.items())


def test_rows_are_there_for_the_next_process(tmp_path):
    with FeatureCache(tmp_path) as cache:
        cache.put_many({b"k": ROW})
    with FeatureCache(tmp_path) as cache:
        assert (cache.get_many([b"k"])[b"k"] == ROW).all()


def test_two_processes_share_it(tmp_path):
    script = (
        "import sys, numpy as np; from pathlib import Path; from headstart.features.feature_cache import FeatureCache\n"
        "with FeatureCache(Path(sys.argv[1])) as cache:\n"
        "    for i in range(50): cache.put_many({f'{sys.argv[2]}{i}'.encode(): np.full(1280, i, np.float32)})\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name]) for name in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    with FeatureCache(tmp_path) as cache:
        assert cache.count() == 100


def test_clear_frees_the_disk(cache):
    cache.put_many({str(i).encode(): ROW for i in range(500)})
    assert cache.measure_bytes() > 2_000_000
    assert cache.clear() > 2_000_000
    assert cache.count() == 0
    assert cache.measure_bytes() < 200_000
    cache.put_many({b"k": ROW})
    assert cache.count() == 1


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("foreign", b"this is no database at all, but it is long enough" * 9),
        ("foreign", b"SQLite format 3\0" + b"\xff" * 4096),
        ("broken", b"SQLite format 3\0" + b"\xff" * 52 + APPLICATION_ID.to_bytes(4, "big") + b"\xff" * 4096),
    ],
)
def test_a_broken_file_is_moved_with_a_warning(tmp_path, kind, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.warns(UserWarning, match="was moved to"):
        cache = FeatureCache(tmp_path)
    cache.put_many({b"k": ROW})
    assert cache.count() == 1
    cache.close()
    aside = list(tmp_path.glob(f"*.{kind}-*"))
    assert [path.read_bytes() for path in aside] == [content]


def test_a_foreign_database_is_moved_unchanged(tmp_path):
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.warns(UserWarning, match="belongs to another program"):
        cache = FeatureCache(tmp_path)
    cache.clear()
    cache.close()
    with sqlite3.connect(next(tmp_path.glob("*.foreign-*"))) as connection:
        assert connection.execute("SELECT COUNT(*) FROM theirs").fetchone() == (0,)
    connection.close()


def test_a_file_damaged_in_the_middle_is_moved_at_the_first_failing_read(tmp_path):
    with FeatureCache(tmp_path) as cache:
        cache.put_many({str(i).encode(): ROW for i in range(200)})
    path = tmp_path / FILE_NAME
    data = bytearray(path.read_bytes())
    data[4096 : len(data) - 4096] = b"\xee" * (len(data) - 8192)
    path.write_bytes(data)
    with FeatureCache(tmp_path) as cache:
        with pytest.warns(UserWarning, match="was moved to"):
            assert cache.get_many([b"5"]) == {}
        cache.put_many({b"k": ROW})
        assert cache.count() == 1


def damage(path):
    """Overwrite the middle of the file in place: handles that are open notice it when they read."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xee" * (size - 4096))


def fill(folder):
    """Make a cache of 200 rows, all in the file itself."""
    with FeatureCache(folder) as cache:
        cache.put_many({str(i).encode(): ROW for i in range(200)})


def test_a_stale_handle_leaves_the_new_file_of_another_alone(tmp_path):
    fill(tmp_path)
    ours, theirs = FeatureCache(tmp_path), FeatureCache(tmp_path)
    damage(tmp_path / FILE_NAME)
    with pytest.warns(UserWarning, match="was moved to"):
        theirs.get_many([b"5"])
    theirs.put_many({b"k": ROW})
    assert ours.get_many([b"150"]) == {}  # this read notices the move, and opens the new file
    assert list(ours.get_many([b"k"])) == [b"k"]
    ours.put_many({b"l": ROW})
    assert list(theirs.get_many([b"k", b"l"])) == [b"k", b"l"]
    ours.close()
    theirs.close()
    assert len([path for path in tmp_path.glob("*.broken-*") if not path.name.endswith(("-wal", "-shm"))]) == 1


def test_side_files_that_are_in_use_move_along(tmp_path):
    fill(tmp_path)
    ours, theirs = FeatureCache(tmp_path), FeatureCache(tmp_path)
    ours.put_many({b"latest": ROW})  # this row is still in the log
    log = (tmp_path / f"{FILE_NAME}-wal").read_bytes()
    assert len(log) > 5120
    damage(tmp_path / FILE_NAME)
    with pytest.warns(UserWarning, match="was moved to"):
        theirs.get_many([b"150"])
    assert [path.read_bytes() for path in tmp_path.glob("*.broken-*-wal")] == [log]
    theirs.put_many({b"k": ROW})
    ours.close()
    theirs.close()
    with FeatureCache(tmp_path) as cache:
        assert cache.count() == 1


def test_without_the_right_to_move_a_broken_file_there_is_no_cache(tmp_path, monkeypatch):
    (tmp_path / FILE_NAME).write_bytes(b"this is no database at all, but it is long enough" * 9)

    def refuse(*_):
        raise PermissionError("no right to rename")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.warns(UserWarning, match=r"no right to rename\. Going on without it"):
        cache = FeatureCache(tmp_path)
    assert cache.get_many([b"k"]) == {}


def test_a_table_with_other_columns_is_moved(tmp_path):
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("CREATE TABLE features (key BLOB PRIMARY KEY, value BLOB)")
    connection.close()
    with pytest.warns(UserWarning, match="has the columns key, value, not key, checksum, value"):
        cache = FeatureCache(tmp_path)
    cache.put_many({b"k": ROW})
    assert cache.count() == 1
    assert len(list(tmp_path.glob("*.broken-*"))) == 1
    assert cache.clear() > 0
    assert list(tmp_path.glob("*.broken-*")) == []
    cache.close()


def test_a_row_with_a_wrong_checksum_counts_as_missing(cache):
    cache.put_many({b"k": ROW})
    with sqlite3.connect(cache.path) as connection:
        connection.execute("UPDATE features SET value = zeroblob(5120)")
    connection.close()
    assert cache.get_many([b"k"]) == {}


def test_without_a_writable_folder_there_is_no_cache_but_a_warning(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(UserWarning, match="Going on without it"):
        cache = FeatureCache(tmp_path / "file" / "cache")
    cache.put_many({b"k": ROW})
    assert cache.get_many([b"k"]) == {}
    assert cache.count() == 0
    assert cache.measure_bytes() == 0
