"""Lists of photos: lines of paths and digests, and CSVs."""

import os

import pytest

from headstart.catalog.photo_list import read_photo_list
from headstart.errors import CatalogError

DIGEST = "0a" * 32


@pytest.fixture
def write(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def write(text):
        path = tmp_path / "list.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_lines_are_paths_with_their_commas_or_digests(write, tmp_path):
    path = write(f"cats/1.jpg\n\n  cats/a, b.jpg \n/else/2.jpg\n{DIGEST.upper()}\n")
    assert read_photo_list(path) == [
        (str(tmp_path / "cats/1.jpg"), None), (str(tmp_path / "cats/a, b.jpg"), None), ("/else/2.jpg", None),
        (None, DIGEST),
    ]  # fmt: skip


def test_a_list_may_be_utf_16_as_powershell_writes_it(write, tmp_path):
    path = write("cats/1.jpg\r\nkätzchen.jpg\r\n".encode("utf-16"))
    assert read_photo_list(path) == [(str(tmp_path / "cats/1.jpg"), None), (str(tmp_path / "kätzchen.jpg"), None)]


def test_a_csv_has_columns_of_paths_and_digests(write, tmp_path):
    path = write(f"label;File Name;digest\ncats;1.jpg;{DIGEST}\ndogs;2.jpg;\ncats;;{DIGEST}\n;;\n")
    one, two = str(tmp_path / "1.jpg"), str(tmp_path / "2.jpg")
    assert read_photo_list(path) == [(one, DIGEST), (two, None), (None, DIGEST)]


def test_a_column_alone_is_enough(write, tmp_path):
    assert read_photo_list(write("path\n1.jpg\n")) == [(str(tmp_path / "1.jpg"), None)]
    assert read_photo_list(write(f"sha256\n{DIGEST}\n")) == [(None, DIGEST)]


def test_paths_may_be_relative_to_the_working_folder(write, tmp_path):
    (tmp_path / "work" / "1.jpg").write_bytes(b"1")
    assert read_photo_list(write("1.jpg\n")) == [(str(tmp_path / "work" / "1.jpg"), None)]


def test_the_catalog_of_a_run_is_a_list(trained):
    run = trained.folder
    listed = read_photo_list(run / "catalog.csv")
    assert len(listed) > 10
    assert all(path and digest for path, digest in listed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it names no photo. Give a text file with a path on each line"),
        ("path,digest\n", "it names no photo"),
        ("digest\nabc\n", "got 1 digests such as 'abc', need 64 hexadecimal digits each"),
        (b"\0\1\2", "got a binary file, need a text file with a path on each line"),
    ],
)
def test_a_list_that_cannot_be_used_is_one_sentence(write, text, message):
    with pytest.raises(CatalogError, match=message):
        read_photo_list(write(text))


def test_a_list_that_is_missing_is_one_sentence(tmp_path):
    with pytest.raises(
        CatalogError, match=r"Cannot read the list '.*no\.txt': No such file or directory\. Give a text"
    ):
        read_photo_list(tmp_path / "no.txt")


def test_quotes_around_a_path_are_taken_off_unless_a_file_has_them(write, tmp_path):
    path = write(f'"cats/a, b.jpg"\n\'2.jpg\'\n"{DIGEST}"\n"3.jpg"\n"\n')
    (tmp_path / '"3.jpg"').touch()
    files = ["cats/a, b.jpg", "2.jpg", '"3.jpg"', '"']
    found = read_photo_list(path)
    assert [file for file, _ in found if file] == [str(tmp_path / file) for file in files]
    assert (None, DIGEST) in found


def test_a_list_that_is_not_utf_8_says_so(write, tmp_path):
    for text in ("J\u00f6rg.png\n", "path\nJ\u00f6rg.png\n"):
        with pytest.raises(CatalogError, match=r"1 paths such as 'J�rg\.png', which are not in UTF-8\. Save the list"):
            read_photo_list(write(text.encode("cp1252")))
    name = os.fsdecode("J\u00f6rg.png".encode("cp1252"))
    (tmp_path / name).touch()  # a file with such a name is found
    assert read_photo_list(write("J\u00f6rg.png\n".encode("cp1252"))) == [(str(tmp_path / name), None)]
    (tmp_path / name).unlink()
    text = f"path,digest\nJ\u00f6rg.png,{DIGEST}\n"  # as the catalog.csv of a run may have it
    assert read_photo_list(write(text.encode("cp1252"))) == [(str(tmp_path / name), DIGEST)]
