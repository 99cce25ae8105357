"""The cache: exact, shared, and never a reason to crash."""

import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from headstart.features.cache import FILE_NAME, FeatureCache, find_cache_folder

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


def test_rows_outlive_the_process(tmp_path):
    with FeatureCache(tmp_path) as cache:
        cache.put_many({b"k": ROW})
    with FeatureCache(tmp_path) as cache:
        assert (cache.get_many([b"k"])[b"k"] == ROW).all()


def test_two_processes_share_it(tmp_path):
    script = (
        "import sys, numpy as np; from pathlib import Path; from headstart.features.cache import FeatureCache\n"
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
    "content", [b"this is no database at all, but it is long enough" * 9, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_broken_file_is_set_aside_with_a_message(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.warns(UserWarning, match="was set aside"):
        cache = FeatureCache(tmp_path)
    cache.put_many({b"k": ROW})
    assert cache.count() == 1
    cache.close()
    aside = list(tmp_path.glob("*.broken-*"))
    assert [path.read_bytes() for path in aside] == [content]


def test_a_foreign_database_is_set_aside_untouched(tmp_path):
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.warns(UserWarning, match="belongs to another program"):
        FeatureCache(tmp_path).close()
    with sqlite3.connect(next(tmp_path.glob("*.broken-*"))) as connection:
        assert connection.execute("SELECT COUNT(*) FROM theirs").fetchone() == (0,)
    connection.close()


def test_a_file_damaged_in_the_middle_is_set_aside_when_that_is_noticed(tmp_path):
    with FeatureCache(tmp_path) as cache:
        cache.put_many({str(i).encode(): ROW for i in range(200)})
    path = tmp_path / FILE_NAME
    data = bytearray(path.read_bytes())
    data[4096 : len(data) - 4096] = b"\xee" * (len(data) - 8192)
    path.write_bytes(data)
    with FeatureCache(tmp_path) as cache:
        with pytest.warns(UserWarning, match="was set aside"):
            assert cache.get_many([b"5"]) == {}
        cache.put_many({b"k": ROW})
        assert cache.count() == 1


def test_a_row_with_a_wrong_checksum_is_no_hit(cache):
    cache.put_many({b"k": ROW})
    with sqlite3.connect(cache.path) as connection:
        connection.execute("UPDATE features SET value = zeroblob(5120)")
    connection.close()
    assert cache.get_many([b"k"]) == {}


def test_a_folder_that_cannot_be_made_means_no_cache_and_a_message(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(UserWarning, match="Going on without it"):
        cache = FeatureCache(tmp_path / "file" / "cache")
    cache.put_many({b"k": ROW})
    assert cache.get_many([b"k"]) == {}
    assert cache.count() == 0


def test_the_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    assert find_cache_folder() == tmp_path
    monkeypatch.delenv("HEADSTART_CACHE")
    assert find_cache_folder().name == "headstart"
