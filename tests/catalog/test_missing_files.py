"""A table whose files do not exist: one full path and the likely cause are told."""

import os
import re
from pathlib import Path

import pytest

from headstart.catalog.missing_files import explain_missing, note_missing
from headstart.catalog.photo import Skip
from headstart.catalog.scan import scan_labelled, scan_photos
from headstart.errors import CatalogError


@pytest.fixture
def explain(tmp_path):
    for name in ("Photos/cats/1.JPG", "Photos/cats/2.jpg", "Photos/cats/3.txt", "Photos/cats/a b.png", "4.v1.jpeg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "link.jpg").symlink_to(tmp_path / "nothing.jpg")

    def explain_text(text, root=tmp_path):
        return explain_missing(root / text, root).replace(str(tmp_path), "HERE")

    return explain_text


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Photos/cats/1.jpg", "files with the suffix .JPG exist, such as 'HERE/Photos/cats/1.JPG'"),
        ("Photos/cats/2.jpeg", "files with the suffix .jpg exist, such as 'HERE/Photos/cats/2.jpg'"),
        ("Photos/cats/2", "the paths have no suffix; files with the suffix .jpg exist"),
        ("4.v1", "the paths have no suffix; files with the suffix .jpeg exist"),
        ("photos/cats/2.jpg", "'HERE/Photos' exists: upper and lower case differ"),
        ("Photos/cats/A b.png", "'HERE/Photos/cats/a b.png' exists: upper and lower case differ"),
        ("Photos/cats/a%20b.png",
         "'HERE/Photos/cats/a b.png' exists: the paths are written as in a web address, with %"),
        ("cats/2.jpg", "there is no 'cats' in 'HERE'; the files may be in 'HERE/Photos', whose name the paths lack"),
        ("cats/2", "there is no 'cats' in 'HERE'; the files may be in 'HERE/Photos', whose name the paths lack"),
        ("data/Photos/cats/2.jpg",
         "there is no 'data' in 'HERE'; 'HERE/Photos/cats/2.jpg' exists: remove 'data' from the paths"),
        ("Photos/cats/3.jpg", "there is no '3.jpg' in 'HERE/Photos/cats'"),
        ("link.jpg", "it is a link to a file that does not exist"),
        ("/no-such-disk/2.jpg", "there is no '/no-such-disk': the paths may be those of another machine"),
        ("C:/me/Photos/cats/2.jpg", "the paths begin with a drive letter or server of another machine ('C:'); "
         "'HERE/Photos/cats/2.jpg' exists: remove 'C:/me' from the paths"),
        ("D:\\me\\2.jpg", "the paths begin with a drive letter or server of another machine ('D:')"),
        ("\\\\nas\\me\\2.jpg", "the paths begin with a drive letter or server of another machine ('\\\\nas')"),
    ],
)  # fmt: skip
def test_the_likely_cause_is_told(explain, text, cause):
    assert explain(text) == cause


def test_a_note_counts_the_missing_files_and_names_the_first(tmp_path):
    skipped = [Skip(tmp_path / "b.jpg", "empty file"), Skip(tmp_path / "a.jpg", "does not exist")]
    note = note_missing(skipped, 1200, tmp_path)
    assert (
        str(note)
        == f"1 of 1,200 photos does not exist, such as '{tmp_path}/a.jpg': there is no 'a.jpg' in '{tmp_path}'."
    )
    assert note_missing(skipped[:1], 3, tmp_path) is None


def test_a_file_in_a_store_is_named_without_a_cause():
    from headstart.storage.remote_paths import make_path

    note = note_missing([Skip(make_path("s3://bucket/a.jpg"), "does not exist")], 1, Path())
    assert str(note) == "1 of 1 photo does not exist, such as 's3://bucket/a.jpg'."


def test_a_table_without_its_files_is_an_error_with_the_cause(make_folder, tmp_path):
    make_folder(n=2)
    table = tmp_path / "pets.csv"
    table.write_text("path,label\nphotos/dots/000.JPEG,dots\nphotos/stripes/000.JPEG,stripes\n")
    first = os.fspath(tmp_path / "photos" / "dots" / "000.JPEG")
    for scan in (scan_photos, scan_labelled):
        with pytest.raises(CatalogError, match=re.escape(f"2 of 2 photos do not exist, such as '{first}': files with")):
            scan(table)


def test_a_table_of_which_a_few_files_are_missing_has_a_note(make_folder, tmp_path):
    make_folder(n=4)
    rows = [f"photos/{label}/00{n}.jpg,{label}" for label in ("dots", "stripes") for n in range(5)]
    (tmp_path / "pets.csv").write_text("\n".join(["path,label", *rows]))
    (note,) = scan_photos(tmp_path / "pets.csv").select_notes("missing-files")
    assert note.severity == "warning"
    assert str(note).startswith(
        f"2 of 10 photos do not exist, such as '{tmp_path / 'photos/dots/004.jpg'}': there is no '004"
    )
