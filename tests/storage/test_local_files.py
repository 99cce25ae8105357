"""The folder of the caches can be chosen, and files are never half written."""

import os
from pathlib import Path

import pytest

from headstart.storage.local_files import (
    clear_folder,
    find_cache_folder,
    list_files,
    measure_folder,
    read_regular,
    write_safely,
    write_text_safely,
)


def test_the_environment_variable_chooses_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    assert find_cache_folder() == tmp_path
    monkeypatch.delenv("HEADSTART_CACHE")
    assert find_cache_folder().name == "headstart"


def test_files_that_vanish_are_left_out(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    assert list_files("some") == []
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "one").write_bytes(b"123")
    iterdir = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: [folder / "gone", *iterdir(folder)])
    assert [path.name for path, _ in list_files("some")] == ["one"]
    assert measure_folder("some") == 3
    clear_folder("some")
    assert measure_folder("some") == 0


def test_after_an_error_the_file_is_unchanged(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with pytest.raises(ValueError, match="closed"), write_safely(path) as file:
        file.close()
    assert path.read_bytes() == b"before"
    with write_safely(path) as file:
        file.write(b"whole")
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_pipes_and_devices_are_not_opened(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    folder = tmp_path / "some"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "device").symlink_to("/dev/zero")
    (folder / "link").symlink_to("one")
    (folder / "one").write_bytes(b"123")
    for name in ("pipe", "device"):
        with pytest.raises(OSError, match="not a regular file"):
            read_regular(folder / name)
    assert read_regular(folder / "link") == b"123"
    with pytest.raises(IsADirectoryError, match="directory"):
        read_regular(folder)
    assert sorted(path.name for path, _ in list_files("some")) == ["link", "one"]


def test_a_text_is_whole_or_absent(tmp_path):
    path = tmp_path / "table.csv"
    with write_text_safely(path, "surrogateescape") as file:
        file.write("\u00e9\udcff\r\n")
    assert path.read_bytes() == "\u00e9".encode() + b"\xff\r\n"
    with pytest.raises(UnicodeEncodeError, match="surrogates"), write_text_safely(path) as file:
        file.write("half \udcff")
    assert path.read_bytes().endswith(b"\xff\r\n")
    assert list(tmp_path.iterdir()) == [path]
