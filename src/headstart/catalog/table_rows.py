"""Rows of a CSV or Parquet table, with the columns of `table_columns.COLUMNS`. All problems are in one message."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

from headstart.catalog.classes import clean_label
from headstart.catalog.photo import SPLITS
from headstart.catalog.source_listing import ListedPhoto, SourceListing
from headstart.catalog.split import SYNONYMS, parse_split, plan_rows
from headstart.catalog.table_paths import TablePaths
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.storage.remote_paths import RemotePath, make_path

N_TOLD = 10  # problems that a message lists; the others are counted
MAX_WEIGHT = 1_000_000_000  # the sums of larger ones may be no numbers
Row = dict[str, str]


class TableRows:
    """Reads the rows of one table.

    Parameters
    ----------
    path
        Path of the table, for messages.
    folder
        Folder to which paths are relative, if the files are there. Default: that of the table.
    n_remembered
        Number of paths that are compared with later ones; each takes about 200 bytes.
    here
        Folder to which paths are relative otherwise. Default: the working folder.

    Attributes
    ----------
    problems
        Problems of the rows so far.
    notes
        Notes on the columns.
    is_suggested
        Whether headstart suggest wrote the table, so that labels may still be empty.
    """

    def __init__(
        self, path: Path, folder: Path | None = None, n_remembered: float = math.inf, *, here: Path | None = None
    ) -> None:
        self._path = path
        self._n_remembered = n_remembered
        self._paths = TablePaths(path.parent if folder is None else folder, here)
        self._first_rows: dict[str, int] = {}
        self._labels, self._splits = set[str](), set[str]()
        self._splits_by_group: dict[str, set[str]] = {}
        self._n_rows, self._weight = 0, 0.0
        self.problems: list[str] = []
        self.notes: list[Note] = []
        self.is_suggested = False

    @property
    def folder(self) -> Path:
        """Folder to which paths are relative."""
        return self._paths.folder

    def choose_folder(self, paths: Sequence[str]) -> bool:
        """Choose the folder to which paths are relative, given all paths or the first ones; see `TablePaths`."""
        return self._paths.choose_folder(paths)

    def read(self, row: Row, number: int) -> ListedPhoto:
        """Return the photo of a row, whose path may be a URI, and remember the row for `check`.

        A problem is added to ``problems`` with the row's ``number``; nothing is raised.
        """
        photo = _parse_row(self._paths, row, number, self.problems)
        place = os.path.normpath(photo.file)
        is_full = len(self._first_rows) >= self._n_remembered
        first = self._first_rows.get(place, number) if is_full else self._first_rows.setdefault(place, number)
        if row["path"] and first != number:
            self.problems.append(f"row {number} repeats the path of row {first} ('{row['path']}')")
        self._n_rows += 1
        self._weight += photo.weight
        self._labels.add(photo.label)
        if photo.split is not None:
            self._splits.add(photo.split)
            if photo.group is not None:
                self._splits_by_group.setdefault(photo.group, set()).add(photo.split)
        return photo

    def check(self) -> None:
        """Raise CatalogError if a row, or the rows together, have a problem."""
        problems = self.problems + [
            f"group '{group}' is in {' and '.join(split for split in SPLITS if split in splits)}, need one split for it"
            for group, splits in self._splits_by_group.items()
            if len(splits) > 1
        ]
        if self._n_rows and not problems and not self._weight > 0:
            problems.append("all weights are 0")
        if problems:
            told = [f"  {problem}" for problem in problems[:N_TOLD]]
            told += [f"  and {len(problems) - N_TOLD:,} more"] if len(problems) > N_TOLD else []
            got = f"{len(problems):,} problem{'' if len(problems) == 1 else 's'}"
            lines = [f"Cannot read '{self._path}': got {got}, need none:", *told, "Correct it and scan it again."]
            raise CatalogError("\n".join(lines), path=self._path)

    def describe(self, kind: str, photos: list[ListedPhoto]) -> SourceListing:
        """Return the listing of the table."""
        notes = [Note("layout", f"Read {self._n_rows:,} {'row' if self._n_rows == 1 else 'rows'} of a {kind}.")]
        notes += [*([] if self._paths.note is None else [self._paths.note]), *self.notes]
        plan, labels = plan_rows(self._splits), frozenset(self._labels)
        return SourceListing(self._paths.folder, photos, labels=labels, plan=plan, notes=notes)


def _parse_row(paths: TablePaths, row: Row, number: int, problems: list[str]) -> ListedPhoto:
    problems += [f"row {number} has no {column}" for column in ("path", "label") if not row[column]]
    label = clean_label(row["label"])
    if label is None:
        problems.append(f"row {number} has the label {_explain_label(row['label'])}")
    split = parse_split(row["split"])
    if split is None and row["split"]:
        problems.append(f"row {number} has the split {row['split']!a}, need {', '.join(SYNONYMS)} or nothing")
    weight = 1.0
    if row["weight"]:
        try:
            weight = float(row["weight"])
        except ValueError:
            weight = math.nan
        if not 0 <= weight <= MAX_WEIGHT:
            problems.append(
                f"row {number} has the weight {row['weight']!a:.40}, need a number from 0 to {MAX_WEIGHT:,}"
            )
    path = make_path(row["path"])
    if isinstance(path, RemotePath) and str(path) != row["path"]:
        problems.append(f"row {number} has the URI {row['path']!a}, whose names are empty in places: it cannot be used")
    return ListedPhoto(
        paths.find(row["path"]), label or "", split, group=row["group"] or None, weight=weight,
        near_copies=row.get("near_copies") or None,
    )  # fmt: skip


def _explain_label(label: str) -> str:
    """Return a label that cannot be used, and what is needed. Bytes that are not UTF-8 are surrogates (PEP 383)."""
    if not any("\udc80" <= character <= "\udcff" for character in label):
        return f"{label!a}, need plain text in UTF-8"
    shown = label.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return f"{shown!r}, which is not in UTF-8: save the file as UTF-8"
