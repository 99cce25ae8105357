"""A file has a digest or a reason. There is no exception, and no file is changed."""

import hashlib
import os
import threading

import pytest

from headstart.catalog import hashing
from headstart.catalog.hashing import hash_file, hash_files
from headstart.pixels import photo_bytes

JPEG = b"\xff\xd8\xff\xe0 a photo"


def test_the_digest_is_the_sha256_of_the_file(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(JPEG)
    assert hash_file(path).digest == hashlib.sha256(JPEG).hexdigest()


def test_a_photo_larger_than_a_block_is_hashed_completely(tmp_path, monkeypatch):
    monkeypatch.setattr(hashing, "BLOCK_BYTES", 64)
    data = JPEG + bytes(range(256)) * 3
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    assert hash_file(path).digest == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"once upon a time", "not a photo but text"),
        (b"once", "not a photo: no known signature"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a picture in JPEG XL format, not read: convert it to JPEG or PNG"),
        (b"\0\0\0\x18ftypisom\0\0", "not a photo but a video: save single frames as JPEG"),
    ],
)
def test_a_file_that_is_no_photo_has_a_reason(tmp_path, content, reason):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    assert hash_file(path) == hashing.HashResult(None, reason)


def test_a_file_that_is_too_large_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(photo_bytes, "MAX_BYTES", 10)
    path = tmp_path / "a.jpg"
    path.write_bytes(JPEG)
    assert str(hash_file(path).reason).startswith("too large (")


def test_a_sparse_file_over_the_limit_is_too_large(tmp_path):
    path = tmp_path / "a.jpg"
    with path.open("wb") as file:
        file.truncate(500_000_001)
    assert hash_file(path).reason == "too large (500 MB, at most 500 MB)"


def test_a_path_that_is_no_file_has_a_reason(tmp_path):
    assert hash_file(tmp_path / "none.jpg").reason == "does not exist"
    assert hash_file(tmp_path).reason == "not a file"
    assert hash_file(tmp_path / "a\0b.jpg").reason == "cannot be read: embedded null byte"
    (tmp_path / "self.jpg").symlink_to(tmp_path / "self.jpg")
    assert str(hash_file(tmp_path / "self.jpg").reason).startswith("cannot be read: ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a system with named pipes")
def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    assert hash_file(tmp_path / "pipe.jpg").reason == "not a file"


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="the superuser may read everything")
def test_a_file_without_permission_has_a_reason(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(JPEG)
    path.chmod(0)
    assert hash_file(path).reason == "cannot be read: Permission denied"


def test_a_disk_error_is_a_reason(tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise OSError(5, "Input/output error")

    path = tmp_path / "a.jpg"
    path.write_bytes(JPEG)
    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert hash_file(path).reason == "cannot be read: Input/output error"


def test_many_files_keep_their_order_and_report_progress(tmp_path):
    paths = [tmp_path / f"{number}.jpg" for number in range(100)]
    for number, path in enumerate(paths):
        path.write_bytes(JPEG + str(number).encode())
    calls = []
    readings = hash_files(paths, lambda n_done, n_total: calls.append((n_done, n_total)))
    assert [reading.digest for reading in readings] == [hashlib.sha256(p.read_bytes()).hexdigest() for p in paths]
    assert calls == [(32, 100), (64, 100), (96, 100), (100, 100)]
    assert hash_files([]) == []


def test_an_interrupt_stops_hashing(tmp_path):
    paths = [tmp_path / "none.jpg"] * 10_000
    calls = []

    def interrupt(n_done, n_total):
        calls.append(n_done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        hash_files(paths, interrupt)
    assert len(calls) == 1


def test_hashing_changes_no_file(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(JPEG)
    path.chmod(0o444)
    before = path.stat().st_mtime_ns, path.stat().st_mode
    hash_files([path])
    assert (path.stat().st_mtime_ns, path.stat().st_mode) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.jpg"]


def test_slow_files_are_read_in_several_threads(tmp_path, monkeypatch):
    paths = [tmp_path / f"{n}.jpg" for n in range(4 * hashing.CHUNK)]
    for n, path in enumerate(paths):
        path.write_bytes(JPEG + bytes([n]))
    quick = hash_files(paths, cache=False)
    names = set()

    def note(path, known, ask=hashing._hash_unless_known):
        names.add(threading.current_thread().name)
        return ask(path, known)

    monkeypatch.setattr(hashing, "_hash_unless_known", note)
    monkeypatch.setattr(hashing, "SLOW_S", -1.0)
    assert hash_files(paths, cache=False) == quick
    assert len(names) > 1
