"""Lists of photos: lines of paths and digests, and CSVs."""

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
