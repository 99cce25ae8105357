"""A spreadsheet runs nothing, and our readers get the names back."""

import csv
import io

import pytest

from headstart.storage.spreadsheet_cells import guard_cell, restore_cell

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0d")
NAMES = [
    *(f"{start}1+1" for start in FORMULA_STARTS), *FORMULA_STARTS, "'=1", "''+", "'\t=1", "a;=1", "a;'=1", "a\n-b",
    "a\r\n@b", ";;=;'", "\t\t=1", "-;-;-",
]  # fmt: skip
ORDINARY = ["cat", "'cat'", "it's", "", "'", "a=b", "a-b", "a; b", "a,-b", "猫", "two\nlines", "'; '"]


@pytest.mark.parametrize("name", NAMES)
def test_a_guarded_cell_is_no_formula_and_gives_its_name(name):
    cell = guard_cell(name)
    assert cell != name
    assert not any(part.startswith(FORMULA_STARTS) for part in cell.split(";"))
    assert restore_cell(cell) == name


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_names_stay(name):
    assert guard_cell(name) == restore_cell(name) == name


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_no_cell_is_a_formula_however_the_file_is_split(delimiter):
    """A spreadsheet that expects semicolons splits a file with commas at semicolons, also within quotes."""
    text = io.StringIO()
    csv.writer(text).writerows([["/photo.jpg", guard_cell(name)] for name in NAMES])
    for row in csv.reader(io.StringIO(text.getvalue().replace("\r", "\n")), delimiter=delimiter):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
