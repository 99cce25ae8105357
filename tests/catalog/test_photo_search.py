"""Files, folders and globs become a list of photos."""

import os

import pytest

from headstart.catalog.photo_search import find_photos
from headstart.errors import CatalogError

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def folder(tmp_path):
    for name in ("b.jpg", "a.png", "deep/c.JPEG", "notes.txt", ".hidden.jpg", ".cache/d.jpg", "__MACOSX/e.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"text")
    (tmp_path / "photo without a suffix").write_bytes(PNG)
    return tmp_path


def test_photos_of_a_folder_are_found_by_name_or_content(folder):
    names = [path.relative_to(folder).as_posix() for path in find_photos([folder])]
    assert names == ["a.png", "b.jpg", "deep/c.JPEG", "photo without a suffix"]


def test_pictures_that_are_not_read_are_listed_and_named_later(folder):
    for name, content in (
        ("1.HEIC", b"\0\0\0\x18ftypheic"), ("2.dng", b"II*\0"), ("3", bytes(128) + b"DICM"), ("4.pdf", b"%PDF-1.7"),
        ("5", b"\0\0\0\x18ftypmif1\0\0\0\0avif"),
    ):  # fmt: skip
        (folder / name).write_bytes(content)
    assert [path.name for path in find_photos([folder])][:4] == ["1.HEIC", "2.dng", "3", "5"]


def test_a_named_file_is_always_listed(folder):
    assert find_photos([folder / "notes.txt"]) == [folder / "notes.txt"]


def test_globs_are_expanded_and_repeats_removed(folder):
    found = find_photos([f"{folder}/*.jpg", folder / "b.jpg", f"{folder}/**/*.JPEG"])
    assert [path.name for path in found] == ["b.jpg", "c.JPEG"]


def test_all_problems_are_in_one_message(tmp_path):
    with pytest.raises(CatalogError, match=r"holds no photo; 'x.jpg' does not exist; '\*.gif' does not exist"):
        find_photos([tmp_path, "x.jpg", "*.gif"])


def test_a_folder_is_searched_as_in_training(tmp_path):
    for name in ("in/@eaDir/thumb.jpg", "in/__mine__/a.jpg", "elsewhere/b.jpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(PNG)
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "__mine__" / "loop").symlink_to(tmp_path / "in")
    expected = ["__mine__/a.jpg", "link/b.jpg"]
    assert [path.relative_to(tmp_path / "in").as_posix() for path in find_photos([tmp_path / "in"])] == expected


def test_globs_ignore_hidden_files_unless_the_pattern_names_them(tmp_path):
    for name in ("@eaDir/thumb.jpg", "cats/a.jpg"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(PNG)
    assert [path.name for path in find_photos([f"{tmp_path}/**/*.jpg"])] == ["a.jpg"]
    assert [path.name for path in find_photos([f"{tmp_path}/@eaDir/*.jpg"])] == ["thumb.jpg"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_does_not_block_the_search(tmp_path):
    (tmp_path / "a.png").write_bytes(PNG)
    os.mkfifo(tmp_path / "pipe")
    assert find_photos([tmp_path]) == [tmp_path / "a.png"]


def test_folders_of_tools_are_not_searched(lay):
    root = lay({"new": 1, "wandb/files": 1})
    notes = []
    assert [path.parent.name for path in find_photos([root], notes.append)] == ["new"]
    assert "'wandb/' (1 photo)" in str(notes[0])
    assert len(find_photos([root / "wandb"], notes.append)) == 1
    assert len(notes) == 1
