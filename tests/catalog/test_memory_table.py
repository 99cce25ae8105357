"""A table in memory gives the catalog of the same table in a file."""

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headstart.catalog.catalog import Catalog
from headstart.catalog.scan import scan_labelled, scan_photos
from headstart.catalog.source import find_source, read_source
from headstart.errors import CatalogError


@pytest.fixture
def columns(make_folder):
    paths = sorted(make_folder(n=6).glob("*/*"))
    return {"path": list(map(str, paths)), "label": [path.parent.name for path in paths]}


def read(source, **names):
    return read_source(find_source(source, **names), is_for_training=True)


def test_a_data_frame_gives_the_catalog_of_the_csv(columns, tmp_path):
    frame = pd.DataFrame(columns | {"weight": [2.0] * 6 + [np.nan] * 6, "group": ["a", "b", None] * 4, "age": 3})
    frame.to_csv(tmp_path / "pets.csv", index=False)
    catalog, from_file = scan_photos(frame), scan_photos(tmp_path / "pets.csv")
    assert catalog.photos == from_file.photos
    assert catalog.source == "table"
    assert [note.code for note in catalog.notes] == [note.code for note in from_file.notes]
    assert str(catalog.notes[0]).startswith("Read 12 rows of a table in memory. All photos were split 70/15/15")
    assert scan_labelled(frame.set_index("age")).photos == scan_labelled(tmp_path / "pets.csv").photos


@pytest.mark.parametrize(
    "kind", [list, tuple, np.array, pd.Series, pd.Categorical, lambda cells: np.array(cells, object)]
)
def test_paths_with_labels_are_lists_arrays_or_series(columns, kind):
    expected = scan_photos(pd.DataFrame(columns)).photos
    assert scan_photos((kind(columns["path"]), kind(columns["label"]))).photos == expected
    assert scan_photos(([Path(path) for path in columns["path"]], kind(columns["label"]))).photos == expected


def test_relative_paths_are_relative_to_the_working_folder(columns, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ["photos/dots/000.jpg", Path("photos") / "stripes" / "000.jpg"], ["dots", "stripes"]
    assert [photo.file for photo in scan_labelled(given).photos] == ["photos/dots/000.jpg", "photos/stripes/000.jpg"]
    source = find_source(given).make_absolute()
    monkeypatch.chdir("/")
    found = read_source(source, is_for_training=True)
    assert [photo.file for photo in found.photos] == columns["path"][::6]


def test_labels_become_text(columns):
    labels = [0, np.int64(1), True, datetime.date(2026, 1, 2)]
    assert [photo.label for photo in read((["a", "b", "c", "d"], labels)).photos] == ["0", "1", "True", "2026-01-02"]


def test_columns_of_a_data_frame_are_found_by_other_names(columns):
    frame = pd.DataFrame({"filename": columns["path"], "Class": columns["label"]})
    assert scan_photos(frame).photos == scan_photos(pd.DataFrame(columns)).photos
    frame = frame.rename(columns={"filename": 0})
    assert scan_photos(frame, path_column="0").photos == scan_photos(pd.DataFrame(columns)).photos
    with pytest.raises(
        CatalogError, match=r"Cannot read 'table': got no column 'path' \(its columns: 0, Class\), need"
    ):
        scan_photos(frame)


def test_all_problems_are_in_one_message():
    with pytest.raises(CatalogError, match="4 problems") as caught:
        read(pd.DataFrame({"path": ["a.jpg", pd.NA, 3, "a.jpg"], "label": ["x", "y", "x", None]}))
    assert str(caught.value).splitlines() == [
        "Cannot read 'table': got 4 problems, need none:",
        "  row 2 has no path",
        "  row 3 has the path '3' (int), need text",
        "  row 4 has no label",
        "  row 4 repeats the path of row 1 ('a.jpg')",
        "Correct it and scan it again.",
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            (["a.jpg"], ["x", "y"]),
            r"Cannot scan \(paths, labels\): got 1 paths and 2 labels, need a label for each path",
        ),
        (("a.jpg", "x"), r"got tuple, need a path, a pandas DataFrame or a tuple of paths and labels\. Give"),
        ((["a.jpg"], ["x"], ["train"]), "got tuple, need a path"),
        ([["a.jpg"]], r"Cannot scan 'a.jpg': got a path that does not exist, need a folder of photos"),
        (None, "got NoneType, need a path"),
        (Catalog(()), "got Catalog, need a path"),
        (pd.Series(["a.jpg"]), "got Series, need a path"),
    ],
)
def test_something_else_is_refused_in_a_sentence(source, message):
    with pytest.raises(CatalogError, match=message):
        scan_photos(source)


def test_a_table_whose_files_are_missing_has_the_cause(tmp_path, columns):
    paths = [path.replace(".jpg", ".png") for path in columns["path"]]
    with pytest.raises(
        CatalogError, match=r"12 of 12 photos do not exist, such as .*: files with the suffix .jpg exist"
    ):
        scan_photos((paths, columns["label"]))
