"""Identical photos: with conflicting labels they are useless in training; in two splits they bias the evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from headstart.catalog.photo import SPLITS, Photo, Skip
from headstart.evaluation.notes import Note

Name = Callable[[Photo], str]
"""A function that returns the name of a photo for messages, such as its path relative to the source."""

Checked = tuple[list[Photo], list[Skip], list[Note]]
"""The photos that are kept, the skipped ones, and notes."""

_SPOKEN = {"train": "training", "validation": "validation", "test": "test"}


def drop_conflicts(photos: Sequence[Photo], name: Name, name_label: Name = lambda photo: f"'{photo.label}'") -> Checked:
    """Leave out all copies of photos with conflicting labels: only the user knows which label is right.

    A file that two sources list with different labels is one photo, and is left out once.
    """
    by_digest: dict[str, list[Photo]] = {}
    for photo in photos:
        by_digest.setdefault(photo.digest, []).append(photo)
    conflicts = {d: copies for d, copies in by_digest.items() if len({photo.label for photo in copies}) > 1}
    if not conflicts:
        return list(photos), [], []
    skipped: dict[str, Skip] = {}
    for copies in conflicts.values():
        for photo in copies:
            other = _find_other(photo, copies)
            labels = f"'{photo.label}', but '{other.label}' as {name(other)}"
            if other.file == photo.file:
                labels = f"'{photo.label}' and '{other.label}'"
            reason = f"identical photos have different labels ({labels})"
            skipped.setdefault(photo.file, Skip(photo.path, reason, photo.digest))
    first = next(iter(conflicts.values()))
    other = _find_other(first[0], first)
    if all(len({photo.file for photo in copies}) == 1 for copies in conflicts.values()):
        text = (
            f"{_count(len(skipped))} left out because {'it has' if len(skipped) == 1 else 'each has'} two labels, such "
            f"as {name(first[0])} ({name_label(first[0])}, {name_label(other)}). Keep the label that is right."
        )
    else:
        text = (
            f"{_count(len(skipped))} left out because identical photos have different labels, such as {name(first[0])} "
            f"and {name(other)}. Keep the one that is right."
        )
    note = Note("conflicting-labels", text, "warning")
    return [photo for photo in photos if photo.digest not in conflicts], list(skipped.values()), [note]


def _find_other(photo: Photo, copies: Sequence[Photo]) -> Photo:
    """Return a copy with another label; if there is one, in another file."""
    others = [copy for copy in copies if copy.label != photo.label]
    return next((copy for copy in others if copy.file != photo.file), others[0])


def drop_leaks(photos: Sequence[Photo], name: Name) -> Checked:
    """Leave out photos that are identical to a photo of an earlier split, in the order train, validation, test."""
    first: dict[str, Photo] = {}
    for photo in sorted((photo for photo in photos if photo.split), key=lambda photo: SPLITS.index(str(photo.split))):
        first.setdefault(photo.digest, photo)
    kept, skipped = [], []
    leaks: dict[tuple[str, str], list[Photo]] = {}
    for photo in photos:
        original = first.get(photo.digest)
        if photo.split is None or original is None or original.split == photo.split:
            kept.append(photo)
            continue
        spoken = _SPOKEN[str(original.split)]
        skipped.append(Skip(photo.path, f"identical to a {spoken} photo ({name(original)})"))
        leaks.setdefault((photo.split, str(original.split)), []).append(photo)
    notes = []
    for (split, other), leaked in sorted(leaks.items()):
        examples = ", ".join(f"{name(photo)} (as {name(first[photo.digest])})" for photo in leaked[:3])
        text = (
            f"Leak: {_count(len(leaked), _SPOKEN[split])} left out of {split} because identical photos are in {other}: "
            f"{examples}{f' and {len(leaked) - 3:,} more' if len(leaked) > 3 else ''}."
        )
        notes.append(Note("leak", text, "warning"))
    return kept, skipped, notes


def note_copies(photos: Sequence[Photo]) -> list[Note]:
    """Return a note on the number of copies with the same label, which stay in one split."""
    n = len(photos) - len({photo.digest for photo in photos})
    if n == 0:
        return []
    verb = "is an identical copy of another" if n == 1 else "are identical copies of others"
    text = f"{n:,} {'photo' if n == 1 else 'photos'} {verb} with the same label."
    return [Note("copies", f"{text} All copies of a photo are in the same split.")]


def _count(n: int, kind: str = "") -> str:
    return f"{n:,} {kind + ' ' if kind else ''}{'photo was' if n == 1 else 'photos were'}"
