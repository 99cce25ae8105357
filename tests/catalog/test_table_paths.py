"""The paths of a table are found as other systems and programs write them."""

import unicodedata
from pathlib import Path

import pytest

from headstart.catalog.table_paths import TablePaths

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


@pytest.fixture
def touch(tmp_path):
    def touch_file(name):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return path

    return touch_file


@pytest.mark.parametrize("text", ["pets\\cats\\1.jpg", ".\\pets\\cats/1.jpg", "pets/cats/1.jpg"])
def test_backslashes_separate_folders(touch, tmp_path, text):
    path = touch("pets/cats/1.jpg")
    assert Path(TablePaths(tmp_path).find(text)) == path


def test_a_backslash_in_an_existing_name_stays(touch, tmp_path):
    path = touch("a\\b.jpg")
    touch("a/b.jpg")
    assert TablePaths(tmp_path).find("a\\b.jpg") == str(path)


@pytest.mark.parametrize(("written", "named"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_accents_may_be_written_otherwise(touch, tmp_path, written, named):
    path = touch(f"{named}/{COMPOSED}/{named} 1.jpg")
    assert TablePaths(tmp_path).find(f"{written}/{COMPOSED}/{written} 1.jpg") == str(path)
    assert TablePaths(tmp_path).find(f"{written}\\{COMPOSED}\\{written} 1.jpg") == str(path)
    assert Path(TablePaths(Path("/")).find(f"{tmp_path}/{written}/{COMPOSED}/{written} 1.jpg")) == path


def test_an_exact_name_comes_before_another_spelling(touch, tmp_path):
    for name in (COMPOSED, DECOMPOSED):
        path = touch(f"{name}.jpg")
        assert TablePaths(tmp_path).find(f"{name}.jpg") == str(path)
    assert unicodedata.normalize("NFC", DECOMPOSED) == COMPOSED


def test_a_tilde_is_the_home_folder(touch, tmp_path, monkeypatch):
    path = touch("pets/1.jpg")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert TablePaths(tmp_path / "lists").find("~/pets/1.jpg") == str(path)


def test_a_file_that_does_not_exist_is_named_with_slashes(tmp_path):
    assert TablePaths(tmp_path).find("a\\b.jpg") == str(tmp_path / "a/b.jpg")
    assert TablePaths(tmp_path).find(f"{DECOMPOSED}.jpg") == str(tmp_path / f"{DECOMPOSED}.jpg")
    assert TablePaths(tmp_path).find("s3://bucket/a\\b.jpg") == "s3://bucket/a\\b.jpg"


def test_the_folder_is_that_of_most_files(touch, tmp_path):
    for name in ("lists/a.jpg", "lists/b.jpg", "b.jpg", "c.jpg", "d.jpg"):
        touch(name)

    def choose(*texts):
        paths = TablePaths(tmp_path / "lists", tmp_path)
        paths.choose_folder(texts)
        return paths.folder.name if paths.note is None else str(paths.note)

    note = f"Paths are relative to the working folder '{tmp_path}': the files are there."
    assert choose("a.jpg", "b.jpg", "none.jpg") == "lists"
    assert choose("a.jpg", "c.jpg") == "lists"
    assert choose("a.jpg", "c.jpg", "d.jpg") == note
    assert choose("none.jpg", ".\\c.jpg") == note
    assert choose("none.jpg", "", "s3://bucket/c.jpg", str(tmp_path / "c.jpg")) == "lists"
    assert choose() == "lists"


def test_a_long_table_is_sampled_from_end_to_end(touch, tmp_path):
    touch("last.jpg")
    paths = TablePaths(tmp_path / "lists", tmp_path)
    paths.choose_folder(["none.jpg"] * 5_000 + ["last.jpg"] * 5_000)
    assert paths.folder == tmp_path


def test_photos_in_a_tar_shard_are_relative_to_the_folder_of_the_shard(touch, tmp_path):
    touch("now/shards/pets.tar")
    paths = TablePaths(tmp_path / "lists", tmp_path / "now")
    assert not TablePaths(tmp_path / "lists", tmp_path).choose_folder(["shards/pets.tar/1.jpg"])
    assert paths.choose_folder(["shards/pets.tar/1.jpg"])
    assert paths.folder == tmp_path / "now"
