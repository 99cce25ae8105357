"""A URI is a path that is read through its store; a store is only asked where there is one."""

import contextlib
import http.server
import pickle
import threading
from pathlib import Path

import pytest

from headstart.errors import MissingExtraError
from headstart.storage import remote_paths
from headstart.storage.remote_paths import (
    Place,
    delete_place,
    list_place,
    make_path,
    open_file_system,
    open_place,
    read_place,
    tell_kind,
    write_place,
)


def test_a_uri_stays_one_however_it_is_handled():
    place = make_path("s3://bucket/a b%20/1.jpg")
    assert isinstance(place, Place)
    assert str(pickle.loads(pickle.dumps(place))) == "s3://bucket/a b%20/1.jpg"  # noqa: S301  our own
    assert str(place.parent / "x") == "s3://bucket/a b%20/x"
    assert place.relative_to(place.parent).name == "1.jpg"
    assert place.absolute() is place
    assert place.expanduser() is place
    assert f"{place}" == place.as_posix()


@pytest.mark.parametrize("text", ["pets", "/a/b", "C:/pets", "c://x", "s3:/x"])
def test_what_is_no_uri_is_a_path(text):
    assert not isinstance(make_path(text), Place)


def test_a_file_in_a_store_is_written_whole_or_not(make_bucket):
    folder = make_path(make_bucket())
    with contextlib.suppress(ZeroDivisionError), write_place(folder / "a") as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert list_place(folder) == []
    with write_place(folder / "a") as file:
        file.write(b"whole")
    assert list_place(folder) == ["a"]
    assert read_place(folder / "a") == b"whole"
    assert len(read_place(folder / "a", 2)) == 3
    with open_place(folder / "a") as file:
        file.seek(2)
        assert file.read() == b"ole"
    assert [tell_kind(folder), tell_kind(folder / "a"), tell_kind(folder / "b")] == ["folder", "file", None]
    delete_place(folder / "a")
    delete_place(folder / "a")
    assert list_place(folder) == []


def test_the_same_holds_here(tmp_path):
    folder = tmp_path / "new"
    with write_place(folder / "a") as file:
        file.write(b"whole")
    with open_place(folder / "a") as file:
        assert file.read() == b"whole"
    assert list_place(folder) == ["a"]
    assert list_place(tmp_path / "none") == []
    assert [tell_kind(folder), tell_kind(folder / "a"), tell_kind(folder / "b")] == ["folder", "file", None]
    delete_place(folder / "a")
    delete_place(folder / "a")
    assert list_place(folder) == []
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
        place = make_path(f"http://127.0.0.1:{server.server_port}/a.jpg")
        assert read_place(place) == b"0123456789"
        with open_place(place) as file:
            file.seek(8)
            assert file.read() == b"89"
        with pytest.raises(FileNotFoundError):
            read_place(place.parent / "none.jpg")
        server.shutdown()


def test_an_unknown_kind_of_store_is_an_error_of_reading():
    with pytest.raises(OSError, match="'zz' is no kind of store that is known"):
        read_place(make_path("zz://bucket/a"))


def test_without_pyarrow_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("headstart.process.packages.is_installed", lambda name: name != "pyarrow")
    with pytest.raises(MissingExtraError, match=r"headstart\[remote\]"):
        remote_paths.check_pyarrow("read")
