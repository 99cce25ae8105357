"""Photos that may have no label: of folders of any depth, of files, and of a table of paths."""

from pathlib import Path

import pytest

from headstart.catalog.unlabelled import list_unlabelled
from headstart.errors import CatalogError


@pytest.fixture
def folder(make_folder):
    return make_folder(n=3)


def test_folders_may_be_nested_or_flat(folder):
    nested = list_unlabelled(folder)
    assert len(nested.files) == 6
    assert (nested.name, nested.labelled) == (str(folder), frozenset())
    flat = list_unlabelled(str(folder / "dots"))
    assert flat.files == tuple(str(folder / "dots" / f"{n:03}.jpg") for n in range(3))


def test_several_places_give_each_file_once(folder):
    found = list_unlabelled([folder / "dots", folder / "dots" / "001.jpg", str(folder / "stripes" / "*.jpg")])
    assert len(found.files) == 6
    assert found.name.count(", ") == 2
    assert list_unlabelled([folder / "dots"] * 5).name.endswith(" and 2 more")


def test_a_table_of_paths_needs_no_labels(folder):
    table = folder / "list.csv"
    table.write_text("filename;size\ndots/000.jpg;3\n\n'=dots/001.jpg;4\n", encoding="utf-8")
    found = list_unlabelled(table)
    assert [Path(file).name for file in found.files] == ["000.jpg", "001.jpg"]
    assert not found.labelled


def test_rows_with_a_label_are_told_apart(folder):
    table = folder / "list.csv"
    table.write_text("path,label,guess,reason\ndots/000.jpg,dots,,x\ndots/001.jpg,,,x\nstripes/000.jpg, ,,x\n")
    found = list_unlabelled(table)
    assert len(found.files) == 3
    assert [Path(file).name for file in found.labelled] == ["000.jpg"]


def test_a_column_can_be_named(folder):
    table = folder / "list.csv"
    table.write_text("where,path\ndots/000.jpg,x\n")
    assert list_unlabelled(table, "where").files == (str(folder / "dots" / "000.jpg"),)
    with pytest.raises(CatalogError, match=r"Cannot take the column 'where': got no CSV, need one\."):
        list_unlabelled(folder, "where")


@pytest.mark.parametrize(("text", "message"), [
    ("name,label\na.jpg,cats\n", "no column 'path'"),
    ("path\n\n", "has no row with a path"),
    ("path\n\0", "got a binary file, need a CSV of paths"),
    ("", "no column 'path'"),
])  # fmt: skip
def test_a_table_that_cannot_be_used_is_an_error(tmp_path, text, message):
    table = tmp_path / "list.csv"
    table.write_text(text)
    with pytest.raises(CatalogError, match=message):
        list_unlabelled(table)


@pytest.mark.parametrize("places", ["nowhere", "nowhere.csv", [], "", ["", "x"]])
def test_no_place_is_an_error(places):
    with pytest.raises(CatalogError, match=r"does not exist|No such file|got no place"):
        list_unlabelled(places)


def test_a_line_that_is_too_long_is_an_error(tmp_path):
    table = tmp_path / "list.csv"
    table.write_text("path\n" + "a" * 1_100_000)
    with pytest.raises(CatalogError, match="got no CSV"):
        list_unlabelled(table)
