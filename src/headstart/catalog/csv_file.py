"""The catalog as a CSV: ``path,label[,split][,group][,weight]``, read with all problems told at once, and written."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from headstart.catalog.classes import clean_label
from headstart.catalog.found import Candidate, Found
from headstart.catalog.split import SYNONYMS, parse_split, plan_rows
from headstart.catalog.table import SPLITS, Photo
from headstart.errors import CatalogError

COLUMNS = ("path", "label", "split", "group", "weight")
WRITTEN = ("digest",)  # columns that `write_csv` adds
N_TOLD = 10  # problems that a message lists before it only counts
Row = dict[str, str]


def read_csv(path: Path) -> Found:
    """Read a CSV of labelled photos: UTF-8, columns in any order, separated by comma, semicolon or tab.

    Paths are absolute or relative to the CSV's folder. Other columns are ignored. A row's split is taken as it
    stands; rows without one are divided among the splits that no row names (`plan_rows`).

    Raises
    ------
    CatalogError
        If it is no CSV, lacks a column or has rows that cannot be used; the message names the rows, the header being
        row 1.
    """
    problems: list[str] = []
    candidates = []
    first_rows: dict[str, int] = {}
    unknown: list[str] = []
    for number, row in _read_rows(path, problems, unknown):
        candidate = _read_candidate(path.parent, row, number, problems)
        place = os.path.normpath(candidate.file)
        if row["path"] and first_rows.setdefault(place, number) != number:
            problems.append(f"row {number} repeats the path of row {first_rows[place]} ('{row['path']}')")
        candidates.append(candidate)
    problems += _find_straddlers(candidates)
    if candidates and not problems and not sum(candidate.weight for candidate in candidates) > 0:
        problems.append("all weights are 0")
    if problems:
        told = [f"  {problem}" for problem in problems[:N_TOLD]]
        told += [f"  and {len(problems) - N_TOLD:,} more"] if len(problems) > N_TOLD else []
        n = len(problems)
        raise CatalogError(
            f"Cannot read '{path}': got {n:,} problem{'' if n == 1 else 's'}, need none:\n"
            + "\n".join(told)
            + "\nCorrect the CSV and scan it again."
        )
    named = {candidate.split for candidate in candidates if candidate.split is not None}
    labels = frozenset(candidate.label for candidate in candidates)
    n_open = sum(candidate.split is None for candidate in candidates)
    notes = [_describe_rows(len(candidates), n_open, named)]
    if unknown:
        notes.append(f"Columns of the CSV that were not used: {', '.join(unknown)}.")
    return Found(path.parent, candidates, labels, plan_rows(named), notes=notes)


def write_csv(photos: Sequence[Photo], path: Path) -> None:
    """Write photos with absolute paths; the columns group and weight only where they say something.

    Raises
    ------
    CatalogError
        If it cannot be written.
    """
    columns = ["path", "label", "split", "digest"]
    columns += ["group"] if any(photo.group is not None for photo in photos) else []
    columns += ["weight"] if any(photo.weight != 1 for photo in photos) else []
    try:
        with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            folder = Path.cwd()
            for photo in photos:
                cells = [str(folder / photo.file), photo.label, photo.split or "", photo.digest]
                cells += [photo.group or ""] if "group" in columns else []
                cells += [repr(photo.weight)] if "weight" in columns else []
                writer.writerow(cells)
    except OSError as error:
        raise CatalogError(
            f"Cannot write '{path}': {error.strerror or error}. Make room there, or choose another folder."
        ) from None


def _read_rows(path: Path, problems: list[str], unknown: list[str]) -> Iterator[tuple[int, Row]]:
    """Yield the number and the cells of each row that is not blank, by column; absent columns are empty.

    Columns without a meaning, which may be misspelled ones, are added to ``unknown``.
    """
    try:
        _refuse_binary(path)
        # names of files need not be UTF-8: their bytes are kept (PEP 383)
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            header = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=max(",;\t", key=header.count))
            columns = [name.strip().casefold() for name in next(reader, [])]
            _check_columns(path, columns)
            unknown += [f"'{name}'" for name in columns if name and name not in (*COLUMNS, *WRITTEN)]
            for number, cells in enumerate(reader, 2):
                if len(cells) > len(columns):
                    problems.append(f"row {number} has {len(cells)} cells, the header {len(columns)}: quote the commas")
                elif any(cell.strip() for cell in cells):
                    texts = dict(zip(columns, cells, strict=False))
                    row = {column: texts.get(column, "").strip() for column in COLUMNS}
                    if texts.get("path", "") != row["path"] and os.path.lexists(path.parent / texts["path"]):
                        row["path"] = texts["path"]  # a name may end in a space
                    yield number, row
    except OSError as error:
        raise CatalogError(f"Cannot read '{path}': {error.strerror or error}. Give a folder or a CSV.") from None
    except csv.Error as error:
        raise CatalogError(f"Cannot read '{path}': got no CSV ({error}), need path,label. Export it as CSV.") from None


def _refuse_binary(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(4096)
    if b"\0" in head:
        raise CatalogError(
            f"Cannot read '{path}': got a binary file, need a folder of photos or a CSV in UTF-8. Unpack an "
            "archive first; export a spreadsheet as CSV."
        )


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    problems = [f"no column '{name}'" for name in ("path", "label") if name not in columns]
    problems += [f"the column '{name}' {columns.count(name)} times" for name in COLUMNS if columns.count(name) > 1]
    if problems:
        shown = ", ".join(ascii(name)[1:-1] for name in columns[:8])
        raise CatalogError(
            f"Cannot read '{path}': got {' and '.join(problems)} (its first row: {shown[:200]}), need "
            "path,label[,split][,group][,weight]. Give a folder of photos, or a CSV whose first row names its columns."
        )


def _read_candidate(folder: Path, row: Row, number: int, problems: list[str]) -> Candidate:
    problems += [f"row {number} has no {column}" for column in ("path", "label") if not row[column]]
    label = clean_label(row["label"])
    if label is None:
        problems.append(f"row {number} has the label {row['label']!a}, need plain text in UTF-8")
    split = parse_split(row["split"])
    if split is None and row["split"]:
        problems.append(f"row {number} has the split {row['split']!a}, need {', '.join(SYNONYMS)} or nothing")
    weight = 1.0
    if row["weight"]:
        try:
            weight = float(row["weight"])
        except ValueError:
            weight = math.nan
        if not 0 <= weight < math.inf:
            problems.append(f"row {number} has the weight {row['weight']!a}, need a number, 0 or more")
    return Candidate(str(folder / row["path"]), label or "", split, row["group"] or None, weight)


def _find_straddlers(candidates: Sequence[Candidate]) -> list[str]:
    sides: dict[str, set[str]] = {}
    for candidate in candidates:
        if candidate.group is not None and candidate.split is not None:
            sides.setdefault(candidate.group, set()).add(candidate.split)
    return [
        f"group '{group}' is in {' and '.join(split for split in SPLITS if split in splits)}, need one split for it"
        for group, splits in sides.items()
        if len(splits) > 1
    ]


def _describe_rows(n: int, n_open: int, named: set[str]) -> str:
    if n_open == 0:
        return f"Read {n:,} rows of a CSV: the splits are taken as they are."
    shares = plan_rows(named).shares
    rows = "all" if n_open == n else f"the {n_open:,} without a split"
    if len(shares) == 1:
        return f"Read {n:,} rows of a CSV: {rows} went into train."
    percents = "/".join(map(str, shares.values()))
    return f"Read {n:,} rows of a CSV: {rows} went {percents} into {', '.join(shares)}, drawn by the seed."
