"""A URI is a path that is read through its store; local paths are read without a store."""

import contextlib
import http.server
import pickle
import sys
import threading
from pathlib import Path

import pytest

from headstart.errors import MissingExtraError
from headstart.storage import remote_paths
from headstart.storage.remote_paths import (
    RemotePath,
    delete_path,
    find_path_kind,
    list_file_names,
    make_path,
    open_file_system,
    open_for_reading,
    open_for_writing,
    read_remote_file,
)


def test_path_operations_keep_a_uri_a_uri():
    path = make_path("s3://bucket/a b%20/1.jpg")
    assert isinstance(path, RemotePath)
    assert str(pickle.loads(pickle.dumps(path))) == "s3://bucket/a b%20/1.jpg"  # noqa: S301  our own
    assert str(path.parent / "x") == "s3://bucket/a b%20/x"
    assert path.relative_to(path.parent).name == "1.jpg"
    assert path.absolute() is path
    assert path.expanduser() is path
    assert f"{path}" == path.as_posix()


@pytest.mark.parametrize("text", ["pets", "/a/b", "C:/pets", "c://x", "s3:/x"])
def test_any_other_text_is_a_local_path(text):
    assert not isinstance(make_path(text), RemotePath)


def test_a_remote_file_is_written_completely_or_not_at_all(make_bucket):
    folder = make_path(make_bucket())
    with contextlib.suppress(ZeroDivisionError), open_for_writing(folder / "a") as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert list_file_names(folder) == []
    with open_for_writing(folder / "a") as file:
        file.write(b"whole")
    assert list_file_names(folder) == ["a"]
    assert read_remote_file(folder / "a") == b"whole"
    assert len(read_remote_file(folder / "a", 2)) == 3
    with open_for_reading(folder / "a") as file:
        file.seek(2)
        assert file.read() == b"ole"
    assert [find_path_kind(folder / name) for name in (".", "a", "b")] == ["folder", "file", None]
    delete_path(folder / "a")
    delete_path(folder / "a")
    assert list_file_names(folder) == []


def test_a_local_file_is_written_and_read_by_the_same_functions(tmp_path):
    folder = tmp_path / "new"
    with open_for_writing(folder / "a") as file:
        file.write(b"whole")
    with open_for_reading(folder / "a") as file:
        assert file.read() == b"whole"
    assert list_file_names(folder) == ["a"]
    assert list_file_names(tmp_path / "none") == []
    assert [find_path_kind(folder / name) for name in (".", "a", "b")] == ["folder", "file", None]
    delete_path(folder / "a")
    delete_path(folder / "a")
    assert list_file_names(folder) == []
    assert open_file_system(Path("x"))[1] == str(Path.cwd() / "x")


def test_a_web_server_is_read_through_fsspec(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"0123456789")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(tmp_path))

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        path = make_path(f"http://127.0.0.1:{server.server_port}/a.jpg")
        assert read_remote_file(path) == b"0123456789"
        with open_for_reading(path) as file:
            file.seek(8)
            assert file.read() == b"89"
        with pytest.raises(FileNotFoundError, match=r"none\.jpg"):
            read_remote_file(path.parent / "none.jpg")
        server.shutdown()


def test_reading_from_an_unknown_kind_of_store_is_an_error():
    with pytest.raises(OSError, match="'zz' is an unknown kind of store"):
        read_remote_file(make_path("zz://bucket/a"))


def test_without_pyarrow_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("headstart.process.packages.is_installed", lambda name: name != "pyarrow")
    with pytest.raises(MissingExtraError, match=r"headstart\[remote\]"):
        remote_paths.check_pyarrow("read")


@pytest.mark.parametrize("ask", [find_path_kind, list_file_names, delete_path, read_remote_file])
def test_without_pyarrow_a_uri_is_answered_with_the_extra(monkeypatch, ask):
    for name in ("pyarrow", "pyarrow.fs"):  # as if it was not installed
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"Cannot open 's3://nope/x'.*headstart\[remote\]"):
        ask(make_path("s3://nope/x"))
