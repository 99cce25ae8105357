"""The columns of a table are found by given names, by ours, or by usual other names."""

import pytest

from headstart.catalog.table_columns import BY_NAME, COLUMNS, OTHER_NAMES, ColumnNames, find_columns
from headstart.errors import CatalogError


def find(names, given=BY_NAME):
    found = find_columns("pets.csv", "CSV", names, given)
    return {column: names[i] for column, i in found.positions.items()}, [str(note) for note in found.notes]


def test_our_names_come_before_other_names():
    assert find(["filename", " PATH ", "class", "label", "patient"]) == (
        {"path": " PATH ", "label": "label", "group": "patient"},
        ["Columns of the CSV: took 'patient' as group.", "Columns of the CSV that were not used: 'filename', 'class'."],
    )
    assert find(list(COLUMNS)) == ({name: name for name in COLUMNS}, [])


@pytest.mark.parametrize(
    ("path", "label"), [("image", "category"), ("File-Name", "Class Name"), ("img_path", "target")]
)
def test_other_names_are_taken_and_told(path, label):
    assert find(["", label, path]) == (
        {"path": path, "label": label}, [f"Columns of the CSV: took '{path}' as path, '{label}' as label."]
    )  # fmt: skip


def test_no_other_name_has_two_meanings():
    names = [name for names in OTHER_NAMES.values() for name in names]
    assert len(set(names)) == len(names)
    assert not set(names) & set(COLUMNS)


def test_given_names_come_first():
    assert find(["id", "path", "breed", "label"], ColumnNames("ID", "breed", None)) == (
        {"path": "id", "label": "breed"}, ["Columns of the CSV that were not used: 'path', 'label'."]
    )  # fmt: skip
    assert find(["Id", "id", "label"], ColumnNames(path="id"))[0]["path"] == "id"


@pytest.mark.parametrize(
    ("names", "given", "problem"),
    [
        (
            ["filename", "image", "label"],
            BY_NAME,
            "the columns 'filename' and 'image' for path, choose one with --path-",
        ),
        (
            ["path", "class", "category"],
            BY_NAME,
            "the columns 'class' and 'category' for label, choose one",
        ),
        (
            ["id", "breed"],
            BY_NAME,
            r"no column 'path' and no column 'label' \(its columns: id, breed\), need",
        ),
        (["path", "breed"], ColumnNames(label="bred"), "no column 'bred' for label, did you mean 'breed'"),
        (["path", "label"], ColumnNames(group="patient"), r"no column 'patient' for group \(its columns: path, label"),
        (["path", "path", "label"], BY_NAME, "the column 'path' 2 times"),
        (["a", "a", "label"], ColumnNames(path="a"), "the column 'a' 2 times"),
    ],
)
def test_what_may_mean_several_columns_or_none_is_refused(names, given, problem):
    with pytest.raises(CatalogError, match=rf"Cannot read 'pets.csv': got {problem}.*--path-column, --label-column"):
        find(names, given)


def test_of_several_columns_that_may_be_the_group_none_is_taken():
    columns, notes = find(["path", "label", "patient", "video"])
    assert "group" not in columns
    assert notes[0] == "No column was taken as group: it may be 'patient' or 'video'. Choose one with --group-column."
    assert find(["path", "label", "patient", "video"], ColumnNames(group="video"))[0]["group"] == "video"


def test_one_column_is_not_taken_for_two():
    with pytest.raises(CatalogError, match="the column 'path' for path and label"):
        find(["path", "label"], ColumnNames(label="path"))
