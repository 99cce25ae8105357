"""The result of a suggestion: the photos to label next, as text, as a CSV to fill in, and as JSON."""

from __future__ import annotations

import csv
import io
import shlex
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from headstart.catalog.photo import Photo, Skip
from headstart.errors import RunError
from headstart.evaluation.notes import Note
from headstart.process.terminal_text import escape_name
from headstart.storage.photo_folder import shorten_path
from headstart.storage.spreadsheet_cells import guard_cell
from headstart.version import __version__

SCHEMA = 1  # of `Suggestions.to_dict`; counts up when a program that reads it would have to change
COLUMNS = ("path", "label", "guess", "reason")  # of the CSV; the label is empty
TYPICAL, UNDECIDED, STRANGE = "typical", "undecided", "strange"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A photo to label, and why.

    Attributes
    ----------
    photo
        The photo. Its label is empty.
    kind
        ``typical`` of photos without a label, ``undecided``, or ``strange``: unlike all training photos.
    reason
        The same in words.
    guess
        Answer of the classifier, or None without one.
    probabilities
        Probabilities of the classes, the most probable first; empty without a classifier.
    novelty
        As in `Prediction`, or None.
    n_alike
        Number of photos of its cluster, or None for a photo that was not chosen by clusters of all photos.
    """

    photo: Photo
    kind: str
    reason: str
    guess: str | None = None
    probabilities: dict[str, float] = field(default_factory=dict)
    novelty: float | None = None
    n_alike: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON, with the probabilities of the first five classes."""
        return {
            "path": self.photo.file, "guess": self.guess, "reason": self.reason, "kind": self.kind,
            "digest": self.photo.digest, "novelty": self.novelty, "n_alike": self.n_alike,
            "top": [{"label": label, "probability": p} for label, p in list(self.probabilities.items())[:5]],
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True, repr=False)
class Suggestions:
    """The photos to label next, the most useful first, and what they were chosen from.

    Attributes
    ----------
    photos
        The suggestions.
    source
        Where the photos were looked for, as the user gave it.
    run
        Name of the run or of the classifier file; empty without one.
    labels
        Classes of the classifier; empty without one.
    n_unlabelled
        Number of different photos without a label.
    n_labelled
        Number of different photos with a label that were compared with them.
    n_left_out
        Number of photos that were found among the unlabelled ones and have a label already.
    n_passed_over
        Number of photos that were left out because an earlier suggestion has them, without a label.
    n_identical
        Number of files that are identical to another one.
    run_folder
        Folder of the run, as the user gave it; empty without one.
    labelled
        Paths of the labelled photos that were given beside the run.
    skipped
        Files that cannot be read, with reasons.
    notes
        Notes on the photos and the run.
    csv, page
        Paths of the CSV and of the page, or None if they were not written.
    seconds
        Time that the suggestion took, without the page.
    """

    photos: tuple[Suggestion, ...]
    source: str
    run: str = ""
    labels: tuple[str, ...] = ()
    n_unlabelled: int = 0
    n_labelled: int = 0
    n_left_out: int = 0
    n_passed_over: int = 0
    n_identical: int = 0
    run_folder: str = ""
    labelled: tuple[str, ...] = ()
    skipped: tuple[Skip, ...] = ()
    notes: tuple[Note, ...] = ()
    csv: Path | None = None
    page: Path | None = None
    seconds: float = 0.0

    def __repr__(self) -> str:
        return f"Suggestions({self.source!r}: {len(self.photos):,} of {self.n_unlabelled:,} unlabelled photos)"

    def counts(self) -> dict[str, int]:
        """Return the number of suggestions of each kind that there is."""
        found = Counter(one.kind for one in self.photos)
        return {kind: found[kind] for kind in (TYPICAL, UNDECIDED, STRANGE) if found[kind]}

    def to_dict(self) -> dict[str, Any]:
        """Return the suggestions in plain JSON types; docs/suggest.md describes the schema."""
        return {
            "schema": SCHEMA, "headstart": __version__, "source": self.source, "run": self.run or None,
            "n_unlabelled": self.n_unlabelled, "n_labelled": self.n_labelled, "n_left_out": self.n_left_out,
            "n_passed_over": self.n_passed_over, "n_identical": self.n_identical,
            "counts": self.counts(), "photos": [one.to_dict() for one in self.photos],
            "csv": None if self.csv is None else str(self.csv),
            "page": None if self.page is None else str(self.page),
            "next": None if self.csv is None else self.write_command(),
            "skipped": [{"path": str(skip.path), "reason": skip.reason} for skip in self.skipped],
            "notes": [note.text for note in self.notes], "note_records": [note.to_record() for note in self.notes],
            "seconds": round(self.seconds, 3),
        }  # fmt: skip

    def list_lines(self) -> list[str]:
        """Return two lines for each photo: its rank, path and guess; and the reason."""
        lines = []
        for rank, one in enumerate(self.photos, 1):
            guess = "" if one.guess is None else f"  ({one.guess}?)"
            lines += [f"{rank:>4}  {escape_name(one.photo.file)}{guess}", f"      {one.reason}"]
        return lines

    def summary(self) -> str:
        """Return the suggestions as text."""
        return "\n".join(self.list_lines())

    def write_csv(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a row for each photo with the columns ``path,label,guess,reason``. The label is empty: fill it in.

        Paths are absolute, so that the file can be moved.

        Parameters
        ----------
        overwrite
            Whether to replace a file that exists, with the labels in it.

        Raises
        ------
        RunError
            If the file exists or cannot be written.
        """
        refuse_existing(Path(path), overwrite=overwrite)
        text = io.StringIO(newline="")
        self._write_rows(text)
        save_text(Path(path), text.getvalue())

    def _write_rows(self, file: IO[str]) -> None:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in self.photos:
            cells = [shorten_path(one.photo.file, None), "", one.guess or "", one.reason]
            writer.writerow(map(guard_cell, cells))

    def write_command(self) -> str:
        """Return the command that trains on all labels, once those of the CSV are filled in."""
        tables = list(dict.fromkeys([*self.labelled, str(self.csv)]))
        if self.run_folder:
            words = [self.run_folder, *(word for table in tables for word in ("--add", table))]
        else:
            words = [*(["LABELLED_PHOTOS"] if self.run and not self.labelled else []), *tables]
        return shlex.join(["headstart", "train", *words])

    def at(self, csv_path: Path, page: Path) -> Suggestions:
        """Return the suggestions with the paths of their files."""
        return replace(self, csv=csv_path, page=page)


def name_kind(kind: str) -> str:
    """Return a kind as the terminal and the page show it.

    Examples
    --------
    >>> name_kind("typical"), name_kind("undecided")
    ('typical', 'least sure')
    """
    return "least sure" if kind == UNDECIDED else kind  # also an answer of 99% may be among the least sure


def refuse_existing(path: Path, *, overwrite: bool) -> None:
    """Raise RunError if a file exists and is not to be replaced, or if a folder has its name."""
    if path.is_dir() or (path.exists() and not overwrite):
        hint = "It may have labels that you filled in. Give --overwrite to replace it, or another --out."
        if path.is_dir():
            hint = "It is a folder. Choose another --out."
        raise RunError(f"Cannot write suggestions '{path}': it exists already. {hint}", path=path)


def save_text(path: Path, text: str) -> None:
    """Write a file that is whole or not there, and the folder that it lies in.

    Raises
    ------
    RunError
        If it cannot be written.
    """
    from headstart.storage.local_files import write_text_safely

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_text_safely(path, "surrogateescape") as file:
            file.write(text)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunError(f"Cannot write suggestions '{path}': {reason}. Choose another --out.", path=path) from None
