"""What to do if something of photos could not be removed from the cache."""

from __future__ import annotations

from collections.abc import Iterable

# words in the messages of SQLite and of operating systems
FULL = ("disk is full", "no space left", "quota exceeded")
NOT_WRITABLE = ("readonly", "read-only", "permission denied", "unable to open", "not permitted", "cannot be deleted")
IN_USE = ("locked", "another program", "is running", "still in its log")


def find_remedies(problems: Iterable[str]) -> str:
    """Return what the user has to do before the command is run again, as the start of a sentence.

    Examples
    --------
    >>> find_remedies(["features: nothing was removed: database or disk is full"])
    'Free space on the disk of the cache'
    >>> find_remedies(["features: database is locked", "digests: attempt to write a readonly database"])
    'Make the cache folder writable, wait until the other programs are done'
    """
    said = [problem.casefold() for problem in problems]
    remedies = {
        "free space on the disk of the cache": FULL,
        "make the cache folder writable": NOT_WRITABLE,
        "wait until the other programs are done": IN_USE,
    }
    found = [remedy for remedy, words in remedies.items() if any(word in text for text in said for word in words)]
    text = ", ".join(found) or "correct this"
    return text[0].upper() + text[1:]
