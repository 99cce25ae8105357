"""Rows of a table are read, and all problems are in one message."""

from pathlib import Path

import pytest

from headstart.catalog.table_columns import COLUMNS
from headstart.catalog.table_rows import TableRows
from headstart.errors import CatalogError


def make_row(**cells):
    return dict.fromkeys(COLUMNS, "") | cells


def test_a_path_may_be_a_uri_or_relative_to_the_table():
    table = TableRows(Path("folder/pets.csv"))
    rows = [make_row(path=path, label="a") for path in ("1.jpg", "/2.jpg", "s3://bucket/3.jpg")]
    found = [table.read(row, number) for number, row in enumerate(rows)]
    assert [photo.file for photo in found] == ["folder/1.jpg", "/2.jpg", "s3://bucket/3.jpg"]
    table.check()
    assert table.describe("CSV", found).photos == found


def test_all_problems_are_in_one_message():
    table = TableRows(Path("pets"), Path("pets"))
    table.read(make_row(path="1.jpg", label="a", weight="0"), 1)
    table.read(make_row(path="./1.jpg"), 2)
    with pytest.raises(CatalogError, match=r"2 problems, need none:\n  row 2 has no label\n  row 2 repeats the path"):
        table.check()
    table = TableRows(Path("pets"))
    table.read(make_row(path="1.jpg", label="a", weight="0"), 1)
    with pytest.raises(CatalogError, match="all weights are 0"):
        table.check()


@pytest.mark.parametrize("weight", ["1e308", "1e10", "nan", "1" + "0" * 400])
def test_weights_whose_sums_are_no_numbers_are_refused(weight):
    table = TableRows(Path("pets"))
    table.read(make_row(path="1.jpg", label="a", weight=weight), 1)
    with pytest.raises(CatalogError, match=r"row 1 has the weight .*, need a number from 0 to 1,000,000,000"):
        table.check()


def test_a_group_is_in_one_split_and_a_uri_has_no_empty_names():
    table = TableRows(Path("pets"))
    for number, split in enumerate(["train", "test", ""]):
        table.read(make_row(path=f"{number}.jpg", label="a", split=split, group="g"), number)
    table.read(make_row(path="s3://bucket/a//b.jpg", label="a"), 3)
    with pytest.raises(CatalogError, match=r"row 3 has the URI 's3://bucket/a//b.jpg'.*\n  group 'g' is in train and"):
        table.check()


def test_repeated_paths_are_found_among_the_remembered_ones():
    table = TableRows(Path("pets"), n_remembered=2)
    for number, name in enumerate(["1", "2", "3", "3", "2"], 1):
        table.read(make_row(path=name, label="a"), number)
    assert table.problems == ["row 5 repeats the path of row 2 ('2')"]


def test_the_note_gives_the_number_of_rows():
    table = TableRows(Path("pets"))
    found = [table.read(make_row(path=f"{n}.jpg", label="a"), n) for n in range(3)]
    assert list(map(str, table.describe("Parquet table", found).notes)) == ["Read 3 rows of a Parquet table."]
