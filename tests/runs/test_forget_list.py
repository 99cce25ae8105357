"""Photos of a run are named by paths, by the content of files, and by digests."""

import hashlib
from pathlib import Path

import pytest

from headstart.catalog.photo import Photo
from headstart.errors import CatalogError, RunError
from headstart.runs.forget_list import ForgottenName, find_forgotten, read_forgotten_names

JPEG = b"\xff\xd8\xff\xe0"


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """Four photos below pets/, as rows of a catalog.csv; the working folder is that above."""
    monkeypatch.chdir(tmp_path)
    rows = []
    for number in range(4):
        path = tmp_path / "pets" / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(JPEG + bytes([number]))
        rows.append(Photo(path.name, "cats", digest=hashlib.sha256(path.read_bytes()).hexdigest(), split="train"))
    return tuple(rows)


def find(names, pets):
    given = [ForgottenName(name) if isinstance(name, str) else name for name in names]
    digests = find_forgotten(given, pets, Path("pets").absolute(), "runs/pets", cache=False)
    return {photo.file for photo in pets if photo.digest in digests}


def test_a_photo_is_named_by_its_path_wherever_that_is_relative_to(pets, tmp_path):
    assert find(["0.jpg"], pets) == {"0.jpg"}  # as in catalog.csv
    assert find(["pets/1.jpg"], pets) == {"1.jpg"}  # from the working folder
    assert find([str(tmp_path / "pets" / "2.jpg")], pets) == {"2.jpg"}
    assert find([ForgottenName("../pets/3.jpg", tmp_path / "lists")], pets) == {"3.jpg"}
    (tmp_path / "pets" / "0.jpg").unlink()
    assert find(["pets/0.jpg"], pets) == {"0.jpg"}  # a photo that is gone


def test_a_photo_is_named_by_its_digest_or_by_a_file_with_its_content(pets, tmp_path):
    (tmp_path / "copy.bin").write_bytes((tmp_path / "pets" / "3.jpg").read_bytes())
    assert find([pets[1].digest.upper(), "copy.bin"], pets) == {"1.jpg", "3.jpg"}


def test_all_names_that_stand_for_no_photo_are_listed(pets, tmp_path):
    (tmp_path / "other.jpg").write_bytes(JPEG + b"other")
    message = (
        r"Cannot forget 2 photos that 'runs/pets' does not have, by path or by content:\n  other\.jpg\n  gone\.jpg\n"
    )
    with pytest.raises(RunError, match=message):
        find(["0.jpg", "other.jpg", "gone.jpg"], pets)


def test_lists_are_texts_tables_and_photos(tmp_path):
    text, table = tmp_path / "list.txt", tmp_path / "list.csv"
    text.write_text("\ufeffpets/a.jpg\n\n pets/b.jpg \n")
    table.write_text("label,file\ncats,pets/c.jpg\ncats,'=d.jpg\ncats\n")
    photo = tmp_path / "e.jpg"
    photo.write_bytes(JPEG)
    names = read_forgotten_names([text, table, photo, str(tmp_path / "gone.jpg")])
    assert [name.text for name in names] == [
        "pets/a.jpg", "pets/b.jpg", "pets/c.jpg", "=d.jpg", str(photo), str(tmp_path / "gone.jpg"),
    ]  # fmt: skip
    assert [name.folder for name in names] == [tmp_path] * 4 + [None] * 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("list.txt", b"\n \n", "got an empty list, need a text file with a path in each line"),
        ("list.csv", b"label\ncats\n", "got no column 'path'"),
        ("list.bin", b"a\0b", "got a binary file, need a text file"),
        (
            "list.csv",
            b"path\n" + b"x" * 1_000_001,
            r"Cannot read '.*list.csv': a line longer than 1,000,000 characters",
        ),
    ],
)
def test_a_list_that_cannot_be_read_is_named(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CatalogError, match=message):
        read_forgotten_names([tmp_path / name])
    with pytest.raises(CatalogError, match="got a folder, need a text file with a path"):
        read_forgotten_names([tmp_path])
