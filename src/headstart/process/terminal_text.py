"""Text for a terminal: characters in names that would move its cursor, change its state or hide text are escaped."""

from __future__ import annotations

import re

# ECMA-48 control characters but the end of a line, line separators, and Unicode's controls of direction (UAX 9)
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def escape_controls(text: str) -> str:
    r"""Write control characters as escapes; ends of lines stay.

    Examples
    --------
    >>> print(escape_controls("cat\x1b[2J.jpg"))
    cat\x1b[2J.jpg
    """
    return _CONTROLS.sub(_escape, text)


def escape_name(text: str) -> str:
    r"""Write a name in one line: as `escape_controls`, and ends of lines are escaped too.

    Examples
    --------
    >>> print(escape_name("two\nlines.jpg"))
    two\nlines.jpg
    """
    return escape_controls(text).replace("\n", "\\n")


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
