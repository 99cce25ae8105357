"""Read what a person decided about photos: a CSV that the audit's page saves, or that was written by hand."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.catalog.classes import clean_label
from headstart.catalog.csv_file import read_cells
from headstart.errors import AuditError, CatalogError
from headstart.inspection.problem_list import describe_problems
from headstart.storage.spreadsheet_cells import restore_cell

COLUMNS = ("path", "digest", "decision", "label", "new_label", "kind", "note")
NEEDED = ("path", "decision")
RULE = ",".join(COLUMNS)
KEEP, RELABEL, DROP, SKIP = "keep", "relabel", "drop", "skip"
WORDS = (KEEP, RELABEL, DROP, SKIP)
N_HEX = 64  # digits of a digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided about one photo.

    Attributes
    ----------
    row
        Number of the row; the header is row 1.
    path, digest
        Path and SHA-256 of the photo when it was decided about. An empty digest: only the path counts.
    decision
        ``keep``, ``relabel``, ``drop`` or ``skip`` (not decided).
    label, new_label
        Label then, or empty; the label to give it, or empty.
    kind
        Kind of the finding, or empty.
    note
        Text of the person, or empty.
    """

    row: int
    path: str
    digest: str = ""
    decision: str
    label: str = ""
    new_label: str = ""
    kind: str = ""
    note: str = ""


def read_decisions(path: Path, problems: list[str] | None = None) -> tuple[Decision, ...]:
    """Read the rows of a CSV with the columns ``path,digest,decision,label,new_label,kind,note``, in any order.

    Only ``path`` and ``decision`` are needed. Other columns and empty rows are ignored.

    Parameters
    ----------
    problems
        A list to which rows that cannot be used are added, each as a sentence. None: they are an error.

    Raises
    ------
    AuditError
        If the file is no CSV, lacks a column, or has rows that cannot be used. The message lists the problems.
    """
    wrong: list[str] = [] if problems is None else problems
    try:
        lines = read_cells(path, "the decisions.csv of an audit")
        _, names = next(lines)
        positions = _find_columns(path, names)
        decisions = [
            decision
            for row, cells in lines
            if any(cell.strip() for cell in cells)
            if (decision := _read_row(row, cells, positions, wrong)) is not None
        ]
    except CatalogError as error:
        raise AuditError(str(error), path=path) from None
    except OSError as error:
        raise AuditError(
            f"Cannot read '{path}': {error.strerror or error}. Give the decisions.csv that the page of an audit saved.",
            path=path,
        ) from None
    except (csv.Error, UnicodeError) as error:
        raise AuditError(
            f"Cannot read '{path}': got no CSV ({error}), need {RULE}. Export it as CSV.", path=path
        ) from None
    if wrong and problems is None:
        raise AuditError(describe_problems(f"read '{path}'", wrong, "Correct the rows."), path=path)
    return tuple(decisions)


def _find_columns(path: Path, names: Sequence[str]) -> dict[str, int]:
    """Return the position of each known column."""
    clean = [name.strip().casefold() for name in names]
    problems = [f"no column '{name}'" for name in NEEDED if name not in clean]
    problems += [f"the column '{name}' {clean.count(name)} times" for name in COLUMNS if clean.count(name) > 1]
    if problems:
        shown = ", ".join(ascii(name.strip())[1:-1] for name in names[:20])[:400]
        raise AuditError(
            f"Cannot read '{path}': got {' and '.join(problems)} (its columns: {shown or 'none'}), need {RULE}. Save "
            "the decisions on the page of the audit again, or add the columns.", path=path,
        )  # fmt: skip
    return {name: clean.index(name) for name in COLUMNS if name in clean}


def _read_row(row: int, cells: Sequence[str], positions: Mapping[str, int], problems: list[str]) -> Decision | None:
    """Return the decision of a row, or add to ``problems``."""
    texts = {name: restore_cell(cells[at]).strip() if at < len(cells) else "" for name, at in positions.items()}
    found = [] if texts["path"] else [f"row {row} has no path"]
    word = texts["decision"].casefold()
    if word not in WORDS:
        found.append(f"row {row} has the decision {texts['decision']!a:.40}, need {', '.join(WORDS)}")
    new_label = clean_label(texts.get("new_label", ""))
    if new_label is None:
        found.append(f"row {row} has the new label {texts['new_label']!a:.40}, need plain text in UTF-8")
    elif word == RELABEL and not new_label:
        found.append(f"row {row} has no new_label, need the class that '{texts['path']}' shows")
    digest = texts.get("digest", "").casefold()
    if digest and (len(digest) != N_HEX or set(digest) - set("0123456789abcdef")):
        found.append(
            f"row {row} has the digest {digest!a:.40}, need a SHA-256 of {N_HEX} hexadecimal digits or nothing"
        )
    problems += found
    if found:
        return None
    return Decision(
        row=row, path=texts["path"], digest=digest, decision=word, label=clean_label(texts.get("label", "")) or "",
        new_label=new_label or "", kind=texts.get("kind", ""), note=texts.get("note", ""),
    )  # fmt: skip
