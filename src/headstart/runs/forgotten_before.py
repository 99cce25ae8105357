"""Find the photos that the earlier runs of a run were trained on, and that it was trained without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from headstart.catalog.photo import Photo
from headstart.errors import HeadstartError
from headstart.evaluation.notes import Note
from headstart.evaluation.words import count_photos
from headstart.runs.run_record import read_record
from headstart.runs.run_tables import read_run_photos


def note_forgotten_before(added: Sequence[Photo], folder: Path) -> list[Note]:
    """Return a note on added photos that were forgotten on the way to a run; no run lists what it was asked to forget.

    A photo was forgotten if an earlier run has it, and the run that ``--forget`` made of it has not. What was forgotten
    of a run whose folder is gone is not known.
    """
    found = dict[str, Path]()
    for run, digests in _walk_history(folder):
        found |= dict.fromkeys({photo.digest for photo in added} & digests, run)
    if not found:
        return []
    runs = " and ".join(f"'{run}'" for run in sorted(set(found.values())))
    verb, them = ("was", "it") if len(found) == 1 else ("were", "them")
    text = (
        f"{count_photos(len(found), 'added')} {verb} left out of {runs}, which --forget made: the classifier learns "
        f"from {them} again. To leave {them} out, name {them} with --forget here, too."
    )
    return [Note("forgotten-before", text, "warning")]


def _walk_history(folder: Path) -> Iterator[tuple[Path, set[str]]]:
    """Yield each run that was made with ``--forget``, and the digests of photos that only its earlier run has."""
    met = set[Path]()
    while folder.resolve() not in met:
        met.add(folder.resolve())
        try:
            record = read_record(folder)
            before = _find_earlier(record)
            if before is None:
                return
            if record["arguments"].get("forget") is not None:
                rows, rows_before = read_run_photos(folder), read_run_photos(before)
                yield folder, {row.digest for row in rows_before} - {row.digest for row in rows}
        except HeadstartError:  # a run that is gone
            return
        folder = before


def _find_earlier(record: Mapping[str, Any]) -> Path | None:
    """Return the folder of the run that a run was made of, or None."""
    arguments = record.get("arguments") or {}
    if arguments.get("add") is None and arguments.get("forget") is None:
        return None
    return Path(str(record["photos"].get("working_folder") or "")) / str(arguments.get("photos"))
