"""Find the columns of a table: by the names that the user gives, by our names, or by usual other names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.errors import CatalogError
from headstart.evaluation.notes import Note

COLUMNS = ("path", "label", "split", "group", "weight", "near_copies")
NEEDED = COLUMNS[:2]
GUESS = "guess"  # of headstart suggest, beside a label that is empty until someone fills it in
# columns that `write_csv` and headstart suggest add, and that a scan does not read
WRITTEN = ("digest", "drawn", GUESS, "reason")
RULE = "path,label[,split][,group][,weight]"

# without spaces, hyphens, dots and underscores; a column of bytes or of a bare number is none of them
OTHER_NAMES = {
    "path": (
        "file", "filename", "filepath", "image", "imagefile", "imagefilename", "imagename", "imagepath", "img",
        "imgfile", "imgname", "imgpath", "photo", "photopath", "picture", "imageid",
    ),
    "label": ("labels", "labelname", "class", "classname", "classlabel", "category", "categoryname", "target"),
    "group": ("groupid", "patient", "patientid", "subject", "subjectid", "video", "videoid"),
}  # fmt: skip


@dataclass(frozen=True)
class ColumnNames:
    """Names of columns that the user gives. None: the column is found by its name."""

    path: str | None = None
    label: str | None = None
    group: str | None = None

    def list_given(self) -> dict[str, str]:
        """Return the given names by column."""
        given = {"path": self.path, "label": self.label, "group": self.group}
        return {column: name for column, name in given.items() if name is not None}


BY_NAME = ColumnNames()


@dataclass(frozen=True)
class FoundColumns:
    """Position of each column in a table, and notes on the columns with other names and on those not used."""

    positions: Mapping[str, int]
    notes: tuple[Note, ...]


def find_columns(
    table: Path | str, kind: str, names: Sequence[str], given: ColumnNames, needed: Sequence[str] = NEEDED
) -> FoundColumns:
    """Find the columns of a table.

    A name that the user gives comes first, then ours, then a usual other name, if only one column has such a name.
    Upper and lower case, and spaces around a name, do not matter. If several columns may be the group, none is taken:
    a warning names them.

    Parameters
    ----------
    kind
        Kind of table for messages, such as ``CSV``.
    names
        Names of the table's columns, in order.

    Raises
    ------
    CatalogError
        If a needed column is missing, or several columns may be meant. The message lists all problems and columns.
    """
    clean = [name.strip().casefold() for name in names]
    chosen = given.list_given()
    positions: dict[str, int] = {}
    problems, notes, others = [], [], []
    for column in COLUMNS:
        at = _find_positions(clean, [name.strip() for name in names], column, chosen.get(column))
        shown = [f"'{names[i].strip()}'" for i in at]
        if len(at) == 1:
            positions[column] = at[0]
            others += [f"{shown[0]} as {column}"] if column not in chosen and clean[at[0]] != column else []
        elif len({clean[i] for i in at}) == 1:
            problems.append(f"the column {shown[0]} {len(at)} times")
        elif at and column in needed:
            problems.append(f"the columns {' and '.join(shown)} for {column}, choose one with --{column}-column")
        elif at:
            text = f"No column was taken as group: it may be {' or '.join(shown)}. Choose one with --group-column."
            notes.append(Note("columns", text, "warning"))
        elif column in chosen:
            problems.append(f"no column '{chosen[column]}' for {column}{_suggest_name(chosen[column], names)}")
        elif column in needed:
            problems.append(f"no column '{column}'")
    problems += _find_shared(positions, names)
    if problems:
        raise CatalogError(_describe_problems(table, names, problems), path=table)
    if others:
        notes.insert(0, Note("columns", f"Columns of the {kind}: took {', '.join(others)}."))
    known = {*positions.values(), *(i for i, name in enumerate(clean) if not name or name in WRITTEN)}
    return FoundColumns(positions, (*notes, *_note_unused(kind, names, known)))


def _find_shared(positions: Mapping[str, int], names: Sequence[str]) -> list[str]:
    """Describe the columns of a table that were taken for several of ours."""
    shared = {i: [column for column, at in positions.items() if at == i] for i in positions.values()}
    return [
        f"the column '{names[i].strip()}' for {' and '.join(taken)}" for i, taken in shared.items() if len(taken) > 1
    ]


def _note_unused(kind: str, names: Sequence[str], known: Collection[int]) -> list[Note]:
    unused = [f"'{name.strip()}'" for i, name in enumerate(names) if i not in known]
    text = f"Columns of the {kind} that were not used: {', '.join(unused)}."
    return [Note("unused-column", text, "warning")] if unused else []


def _find_positions(clean: Sequence[str], names: Sequence[str], column: str, chosen: str | None) -> list[int]:
    """Return the positions of the columns that may be meant. ``clean`` has the names in lower case."""
    if chosen is not None:
        at = [i for i, name in enumerate(clean) if name == chosen.strip().casefold()]
        return [i for i in at if names[i] == chosen.strip()] or at
    at = [i for i, name in enumerate(clean) if name == column]
    others = OTHER_NAMES.get(column, ())
    return at or [i for i, name in enumerate(clean) if re.sub(r"[\s_.-]", "", name) in others]


def _suggest_name(name: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f", did you mean '{close[0].strip()}'?" if close else ""


def _describe_problems(table: Path | str, names: Sequence[str], problems: Sequence[str]) -> str:
    shown = ", ".join(ascii(name.strip())[1:-1] for name in names[:20])
    return (
        f"Cannot read '{table}': got {' and '.join(problems)} (its columns: {shown[:400]}), need {RULE}. Name its "
        "columns with --path-column, --label-column and --group-column (in Python path_column and so on), or give a "
        "folder of photos."
    )
