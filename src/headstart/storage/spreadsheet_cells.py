"""Cells of a CSV that a spreadsheet shows as text: an apostrophe comes before what it would take for a formula."""

from __future__ import annotations

import re

# The starts of formulas, from OWASP, "CSV injection". A spreadsheet may split a cell at a semicolon or at the end of a
# line, quoted or not, so a formula may also begin there.
_CELL_START = r"(?:^|(?<=[;\t\r\n]))"
_FORMULA_START = "[=+@\\-\t\r\n\uff1d\uff0b\uff0d\uff20]"  # and their full-width forms
_UNGUARDED = re.compile(rf"{_CELL_START}(?='*{_FORMULA_START})")
_GUARDED = re.compile(rf"{_CELL_START}'(?='*{_FORMULA_START})")


def guard_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; `restore_cell` gives the text back.

    Examples
    --------
    >>> guard_cell("=1+1"), guard_cell("cat"), guard_cell("'=1"), guard_cell("a;-b")
    ("'=1+1", 'cat', "''=1", "a;'-b")
    """
    return _UNGUARDED.sub("'", text)


def restore_cell(text: str) -> str:
    """Return the text of a cell that `guard_cell` wrote.

    Examples
    --------
    >>> restore_cell("'=1+1"), restore_cell("'cat'"), restore_cell("a;'-b")
    ('=1+1', "'cat'", 'a;-b')
    """
    return _GUARDED.sub("", text) if "'" in text else text
