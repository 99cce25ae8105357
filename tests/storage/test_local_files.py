"""The folder of the caches can be chosen, and files are never half written."""

from pathlib import Path

import pytest

from headstart.storage.local_files import clear_folder, find_cache_folder, list_files, measure_folder, write_safely


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
