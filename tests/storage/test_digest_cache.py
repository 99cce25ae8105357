"""A file is read again only if it has changed."""

import hashlib
import os
import sqlite3
import time

import pytest

from headstart.catalog import hashing
from headstart.catalog.hashing import hash_files
from headstart.storage import digest_cache, sqlite_removal
from headstart.storage.digest_cache import FILE_NAME, DigestCache, clear_digest_cache, forget_digests, make_stamp

JPEG = b"\xff\xd8\xff\xe0 a photo"


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(digest_cache, "SETTLED_S", 0.0)
    return tmp_path / "cache"


@pytest.fixture
def paths(tmp_path):
    files = [tmp_path / f"{n}.jpg" for n in range(5)]
    for n, path in enumerate(files):
        path.write_bytes(JPEG + bytes([n]))
    return files


@pytest.fixture
def hashed(monkeypatch):
    """Count the files that are hashed."""
    counted = []
    sha256 = hashlib.sha256
    monkeypatch.setattr(hashing.hashlib, "sha256", lambda *data: counted.append(1) or sha256(*data))
    return counted


def test_an_unchanged_file_is_not_opened_again(paths, hashed):
    first = hash_files(paths)
    assert len(hashed) == 5
    assert hash_files(paths) == first
    assert len(hashed) == 5
    assert hash_files(paths, cache=False) == first
    assert len(hashed) == 10


def test_a_file_that_changed_is_read_again_even_with_its_old_size_and_time(paths, hashed):
    before = hash_files(paths)
    status = paths[2].stat()
    time.sleep(0.02)  # a tick of the clock that stamps files
    paths[2].write_bytes(JPEG + b"!")
    os.utime(paths[2], ns=(status.st_atime_ns, status.st_mtime_ns))
    after = hash_files(paths)
    assert len(hashed) == 6
    assert after[2].digest == hashlib.sha256(JPEG + b"!").hexdigest() != before[2].digest
    replaced = paths[3].with_suffix(".new")
    replaced.write_bytes(JPEG + b"?")
    replaced.replace(paths[3])
    assert hash_files(paths)[3].digest == hashlib.sha256(JPEG + b"?").hexdigest()


def test_a_recently_changed_file_is_not_cached(paths, hashed, monkeypatch):
    monkeypatch.setattr(digest_cache, "SETTLED_S", 2.0)
    hash_files(paths)
    hash_files(paths)
    assert len(hashed) == 10
    assert make_stamp(paths[0].stat()) is None
    monkeypatch.setattr(time, "time", lambda: 1e10)
    assert make_stamp(paths[0].stat()) is not None


def test_relative_paths_are_cached_by_absolute_path(paths, hashed, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    hash_files([path.relative_to(tmp_path) for path in paths])
    hash_files(paths)
    assert len(hashed) == 5


def test_a_file_that_is_no_photo_is_not_cached(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"once upon a time")
    assert [hash_files([path])[0].reason for _ in range(2)] == ["not a photo but text"] * 2


@pytest.mark.parametrize("content", [b"not a database", b""])
def test_a_damaged_cache_is_replaced(folder, paths, hashed, content):
    folder.mkdir()
    (folder / FILE_NAME).write_bytes(content)
    assert all(reading.digest for reading in hash_files(paths))
    n_hashed = len(hashed)
    hash_files(paths)
    assert len(hashed) == n_hashed  # a new table was begun


def test_a_damaged_row_is_ignored(folder, paths, hashed):
    first = hash_files(paths)
    with sqlite3.connect(folder / FILE_NAME) as connection:
        connection.execute("UPDATE files SET digest = ? WHERE path = ?", ("f" * 64, str(paths[1])))
    assert hash_files(paths) == first
    assert len(hashed) == 6


def test_a_file_with_a_name_that_is_not_text_is_hashed(folder, tmp_path):
    path = tmp_path / os.fsdecode(b"a\xff.jpg")
    path.write_bytes(JPEG)
    assert [hash_files([path])[0].digest is not None for _ in range(2)] == [True, True]


def test_the_cache_can_be_cleared(folder, paths, hashed):
    hash_files(paths)
    with sqlite3.connect(folder / FILE_NAME) as connection:
        assert connection.execute("SELECT COUNT(*) FROM files").fetchone() == (5,)
    clear_digest_cache()
    with DigestCache() as store:
        assert store.recall([str(path) for path in paths]) == {}


def test_rows_are_forgotten_by_digest_and_by_path(paths, folder):
    digests = [result.digest for result in hash_files(paths)]
    removal, found = forget_digests([digests[0]], [str(paths[1])])
    assert found == {digests[0]: [str(paths[0])], digests[1]: [str(paths[1])]}
    assert (removal.n_items, removal.problems) == (2, [])
    with DigestCache() as store:
        assert store.recall(list(map(str, paths))).keys() == set(map(str, paths[2:]))
    content = (folder / FILE_NAME).read_bytes()
    for n in (0, 1):
        assert digests[n].encode() not in content
        assert str(paths[n]).encode() not in content
    assert str(paths[2]).encode() in content


def test_the_digest_of_a_file_that_is_gone_is_found(paths, folder, monkeypatch, tmp_path):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    digest = hash_files(["../3.jpg"])[0].digest
    paths[3].unlink()
    with DigestCache() as store:
        assert store.find_digests({str(paths[3])}) == {str(paths[3]): [digest]}
        assert store.find_paths({digest, "0a" * 32}) == [(str(tmp_path / "work" / ".." / "3.jpg"), digest)]


def test_a_locked_file_forgets_nothing_and_says_so(paths, folder, monkeypatch):
    digest = hash_files(paths)[0].digest
    monkeypatch.setattr(sqlite_removal, "WAIT_S", 0.1)
    writer = sqlite3.connect(folder / FILE_NAME, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    removal, found = forget_digests([digest], [])
    writer.execute("ROLLBACK")
    writer.close()
    assert (removal.n_items, found) == (0, {})
    assert removal.problems == ["nothing was removed: database is locked"]


def test_a_damaged_file_is_deleted(paths, folder):
    hash_files(paths)
    (folder / FILE_NAME).write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    assert forget_digests(["d"], [])[0].n_items == 1
    assert not (folder / FILE_NAME).exists()
