"""Files, folders and globs become a list of photos."""

import pytest

from headstart.catalog.find import find_photos
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


def test_a_folder_gives_its_photos_by_name_or_content(folder):
    names = [path.relative_to(folder).as_posix() for path in find_photos([folder])]
    assert names == ["a.png", "b.jpg", "deep/c.JPEG", "photo without a suffix"]


def test_a_named_file_is_always_listed(folder):
    assert find_photos([folder / "notes.txt"]) == [folder / "notes.txt"]


def test_globs_and_repeats(folder):
    found = find_photos([f"{folder}/*.jpg", folder / "b.jpg", f"{folder}/**/*.JPEG"])
    assert [path.name for path in found] == ["b.jpg", "c.JPEG"]


def test_all_problems_are_named_at_once(tmp_path):
    with pytest.raises(CatalogError, match=r"holds no photo; 'x.jpg' does not exist; '\*.gif' does not exist"):
        find_photos([tmp_path, "x.jpg", "*.gif"])
