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
    assert find([ForgottenName(str(tmp_path / "lists" / "3.jpg"), None, tmp_path / "lists")], pets) == {"3.jpg"}
    (tmp_path / "pets" / "0.jpg").unlink()
    assert find(["pets/0.jpg"], pets) == {"0.jpg"}  # a photo that is gone


def test_a_photo_is_named_by_its_digest_or_by_a_file_with_its_content(pets, tmp_path):
    (tmp_path / "copy.bin").write_bytes((tmp_path / "pets" / "3.jpg").read_bytes())
    named = [ForgottenName(None, pets[1].digest), ForgottenName("other.jpg", pets[0].digest), "copy.bin"]
    assert find(named, pets) == {"0.jpg", "1.jpg", "3.jpg"}


def test_the_digest_of_another_photo_is_not_replaced_by_its_path(pets):
    with pytest.raises(RunError, match=r"Cannot forget 1 photo that 'runs/pets' does not have.*\n  0\.jpg\n"):
        find([ForgottenName("0.jpg", "0a" * 32)], pets)  # as in catalog.csv of another run


def test_a_list_that_is_missing_is_told_from_a_photo(pets):
    with pytest.raises(RunError, match=r"\n  gone\.txt\nA list must be a file that exists; catalog\.csv of the run"):
        find(["gone.txt"], pets)
    with pytest.raises(RunError, match=r"\n  gone\.jpg\nCorrect the list: catalog\.csv of the run"):
        find(["gone.jpg"], pets)


def test_a_uri_is_a_photo_or_refused(pets):
    assert read_forgotten_names(["s3://nope/x.jpg"]) == [ForgottenName("s3://nope/x.jpg")]
    with pytest.raises(CatalogError, match=r"Cannot forget the photos in 's3://nope/x\.txt': got a URI, need a text"):
        read_forgotten_names(["s3://nope/x.txt"])


def test_all_names_that_stand_for_no_photo_are_listed(pets, tmp_path):
    (tmp_path / "other.jpg").write_bytes(JPEG + b"other")
    message = (
        r"Cannot forget 3 photos that 'runs/pets' does not have, by path or by content:\n  other\.jpg\n  gone\.jpg\n"
        f"  {'0a' * 32}\n"
    )
    with pytest.raises(RunError, match=message):
        find(["0.jpg", "other.jpg", "gone.jpg", ForgottenName(None, "0a" * 32)], pets)


def test_lists_are_texts_tables_photos_and_digests(tmp_path):
    text, table, digest = tmp_path / "list.txt", tmp_path / "list.csv", "0A" * 32
    text.write_text(f"pets/a.jpg\n\n{digest}\n")
    table.write_text("label,file\ncats,pets/c.jpg\n")
    photo = tmp_path / "e.jpg"
    photo.write_bytes(JPEG)
    names = read_forgotten_names([text, table, photo, str(tmp_path / "gone.jpg"), digest])
    assert names == [
        ForgottenName(str(tmp_path / "pets" / "a.jpg"), None, tmp_path), ForgottenName(None, digest.lower(), tmp_path),
        ForgottenName(str(tmp_path / "pets" / "c.jpg"), None, tmp_path), ForgottenName(str(photo)),
        ForgottenName(str(tmp_path / "gone.jpg")), ForgottenName(None, digest.lower()),
    ]  # fmt: skip


def test_a_list_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "list.txt").write_text("\n")
    with pytest.raises(CatalogError, match="it names no photo"):
        read_forgotten_names([tmp_path / "list.txt"])
    with pytest.raises(CatalogError, match="got a folder, need a text file with a path"):
        read_forgotten_names([tmp_path])


def test_what_is_no_path_is_one_sentence():
    with pytest.raises(CatalogError, match=r"Cannot forget photos: got '5', need a text file"):
        read_forgotten_names([5])
