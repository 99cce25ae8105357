"""Photos that are decoded although their data is damaged: how a decoding thread tells it, and the note about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from headstart.evaluation.notes import Note

N_NAMED = 3  # photos that the note names

_found: ContextVar[list[str] | None] = ContextVar("damage", default=None)


@contextmanager
def collect_damage() -> Iterator[list[str]]:
    """Collect what the decoder reports in this thread meanwhile: nothing, or why one photo may be partly garbled.

    Rejected: an argument of every function on the way from the decoder to the caller, and a second result of it.
    """
    found: list[str] = []
    token = _found.set(found)
    try:
        yield found
    finally:
        _found.reset(token)


def report_damage(reason: str) -> None:
    """Report that the photo which this thread decodes is damaged, to the caller that collects it, if there is one."""
    found = _found.get()
    if found is not None:
        found.append(reason)


def note_damage(damaged: Mapping[Path, str]) -> list[Note]:
    """Return a note on damaged photos, given the reason of each; none without such photos."""
    if not damaged:
        return []
    names = [f"'{path}' ({damaged[path]})" for path in sorted(damaged)[:N_NAMED]]
    more = f" and {len(damaged) - N_NAMED:,} more" if len(damaged) > N_NAMED else ""
    return [
        Note(
            "damaged-photo",
            f"Photos whose data is damaged, so that a part may be garbled: {', '.join(names)}{more}. They were used as "
            "they are. Look at them, and copy or download them again.",
            "warning",
        )
    ]
