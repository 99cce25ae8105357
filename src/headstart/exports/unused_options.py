"""Options of an export that have no effect with the others, as notes."""

from __future__ import annotations

from headstart.catalog.table_columns import ColumnNames
from headstart.evaluation.notes import Note, note_unused


def list_unused_options(
    *, has_check: bool, has_calibrate: bool, int8: bool, force: bool, is_quantised: bool, layout: str,
    columns: ColumnNames,
) -> list[Note]:  # fmt: skip
    """Return a note on each option without effect; ``is_quantised``: whether the classifier is in int8 already."""
    reasons = {}
    if int8 and is_quantised:
        reasons["--int8"] = "the classifier is quantised already"
    if has_calibrate and not int8:
        reasons["--calibrate"] = "only --int8 quantises"
    if has_calibrate and int8 and is_quantised:
        reasons["--calibrate"] = "the classifier is quantised already"
    if force and not has_check:
        reasons["--force"] = "without --check nothing is compared, and nothing is refused"
    is_read = has_check or (has_calibrate and int8 and not is_quantised)
    if layout != "auto" and not is_read:
        reasons["--layout"] = "no photos are read"
    for column in columns.list_given():
        if column == "group" and not has_check:
            reasons["--group-column"] = "without --check no interval is computed"
        elif not is_read:
            reasons[f"--{column}-column"] = "no photos are read"
    return [note_unused(option, reason) for option, reason in reasons.items()]
