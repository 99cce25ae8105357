"""Only regular files of a sane size are read."""

import os
import socket

import pytest

from headstart.errors import PhotoError, UnreadableError
from headstart.pixels import photo_bytes
from headstart.pixels.photo_bytes import read_bytes
from headstart.storage.remote_paths import make_path


def test_a_file_is_read_whole(tmp_path):
    path = tmp_path / "photo"
    path.write_bytes(b"bytes")
    assert read_bytes(path) == b"bytes"


def test_missing_files_pipes_and_huge_files_are_refused_with_a_reason(tmp_path, monkeypatch):
    with pytest.raises(PhotoError, match="cannot be read: No such file"):
        read_bytes(tmp_path / "missing")
    with pytest.raises(PhotoError, match="not a regular file"):
        read_bytes(tmp_path)
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match="not a regular file"):
        read_bytes(tmp_path / "pipe.jpg")
    monkeypatch.setattr(photo_bytes, "MAX_BYTES", 3)
    (tmp_path / "large").write_bytes(b"1234")
    with pytest.raises(PhotoError, match="too large"):
        read_bytes(tmp_path / "large")


def test_a_refused_connection_is_not_a_missing_photo():
    pytest.importorskip("fsspec")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(UnreadableError, match=r"^cannot be read: the server refuses the connection$"):
        read_bytes(make_path(f"http://127.0.0.1:{port}/a.jpg"))
