"""Notes: what a person should know about the photos or a training, each with a code that programs can filter by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

PAGE = "docs/notes.md"
UNKNOWN = "note"  # code of notes that were kept as plain text


@dataclass(frozen=True, slots=True)
class Note:
    """One note.

    Attributes
    ----------
    code
        Kind of note, such as ``leak``: its section in docs/notes.md.
    text
        The note in words; ``str(note)`` gives it.
    severity
        ``warning`` if the person should act, else ``info``.
    """

    code: str
    text: str
    severity: str = "info"

    def __str__(self) -> str:
        return self.text

    @property
    def link(self) -> str:
        """The section that explains it, relative to the project's root."""
        return f"{PAGE}#{self.code}"

    def to_record(self) -> dict[str, str]:
        """Return the note as a record for JSON."""
        return asdict(self) | {"link": self.link}


def note_unused(option: str, reason: str) -> Note:
    """Return the note that an option had no effect."""
    return Note("unused-option", f"The option {option} had no effect: {reason}.", "warning")


def parse_note(record: str | dict[str, Any]) -> Note:
    """Return the note of a record; plain text, as earlier versions wrote it, gets the code ``note``."""
    if isinstance(record, str):
        return Note(UNKNOWN, record)
    return Note(record["code"], record["text"], record["severity"])


def sort_notes(notes: Iterable[Note]) -> list[Note]:
    """Return each note once, warnings first, otherwise in the given order."""
    return sorted(dict.fromkeys(notes), key=lambda note: note.severity != "warning")
