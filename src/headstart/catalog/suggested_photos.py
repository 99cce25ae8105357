"""The note on photos that headstart suggest chose: they are no random sample."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headstart.evaluation.notes import Note

CODE = "suggested-photos"  # of `note_suggested`


def note_suggested(n_photos: int) -> Note:
    """Return the note that some of the photos of a catalog are no random sample."""
    one = n_photos == 1
    text = (
        f"{n_photos:,} of the photos {'was' if one else 'were'} chosen by headstart suggest: "
        f"{'it is' if one else 'they are'} no random sample, so the accuracy and the forecast are of such photos. On "
        "photos drawn at random the accuracy is usually higher. To know it, label some photos drawn at random, and "
        "evaluate on them."
    )
    return Note("suggested-photos", text)


def join_suggested(notes: Sequence[Note], earlier: Sequence[Note]) -> tuple[Note, ...]:
    """Return the notes on a run with added photos: its suggested photos count together with those of the run before.

    Parameters
    ----------
    notes
        Notes on the photos that were added, and others.
    earlier
        Notes of the run before.
    """
    found = [note for note in (*earlier, *notes) if note.code == CODE]
    counts = [re.match(r"([\d,]+) of the photos", note.text) for note in found]
    n_photos = sum(int(count[1].replace(",", "")) for count in counts if count is not None)
    others = tuple(note for note in notes if note.code != CODE)
    return (*others, note_suggested(n_photos)) if n_photos else others
