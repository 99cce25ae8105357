"""Every option of an export that has no effect with the others is noted."""

import pytest

from headstart.catalog.table_columns import ColumnNames
from headstart.exports.unused_options import list_unused_options

NONE = {
    "has_check": False, "has_calibrate": False, "int8": False, "force": False, "is_quantised": False, "layout": "auto",
    "columns": ColumnNames(),
}  # fmt: skip


@pytest.mark.parametrize(
    ("options", "unused"),
    [
        ({}, []),
        ({"has_check": True, "force": True, "layout": "inner", "columns": ColumnNames("file", "breed")}, []),
        ({"force": True}, ["--force"]),
        ({"has_calibrate": True}, ["--calibrate"]),
        ({"has_calibrate": True, "int8": True, "layout": "inner"}, []),
        ({"has_calibrate": True, "int8": True, "is_quantised": True}, ["--int8", "--calibrate"]),
        ({"has_check": True, "int8": True, "is_quantised": True}, ["--int8"]),
        ({"has_calibrate": True, "layout": "outer"}, ["--calibrate", "--layout"]),
        ({"layout": "outer"}, ["--layout"]),
        ({"columns": ColumnNames("file", None, "patient")}, ["--path-column", "--group-column"]),
        ({"has_check": True, "columns": ColumnNames(None, None, "patient")}, []),
        ({"has_calibrate": True, "int8": True, "columns": ColumnNames(None, None, "patient")}, ["--group-column"]),
    ],
)
def test_options_without_effect_are_noted(options, unused):
    notes = list_unused_options(**(NONE | options))
    assert [note.text.split()[2] for note in notes] == unused
    assert {note.code for note in notes} <= {"unused-option"}
