"""Classes are matched by name between the splits; a class without training photos cannot be evaluated."""

from __future__ import annotations

import difflib
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from headstart.catalog.photo import SPLITS, Photo, Skip
from headstart.evaluation.notes import Note
from headstart.evaluation.words import count_photos

N_NAMED = 5  # classes that a sentence names; the others are counted
N_DESCRIBED = 20  # unknown labels that are described; the others are counted
CLOSE = 0.8  # least ratio of difflib for a suggestion: 'cat' is close to 'cats', 'ants' is not


def drop_untrained(photos: Sequence[Photo]) -> tuple[list[Photo], list[Skip], list[Note]]:
    """Leave out the photos of classes without a training photo.

    Returns
    -------
    The photos that are kept, the skipped ones, and a note for each class that is left out.
    """
    trained = {photo.label for photo in photos if photo.split == "train"}
    kept = [photo for photo in photos if photo.label in trained]
    lost: dict[str, list[Photo]] = {}
    for photo in photos:
        if photo.label not in trained:
            lost.setdefault(photo.label, []).append(photo)
    if not lost:
        return kept, [], []
    twins = {label.casefold(): label for label in sorted(trained)}
    skipped, notes = [], []
    for label, gone in sorted(lost.items()):
        skipped += [Skip(photo.path, f"class '{label}' has no training photo") for photo in gone]
        places = {photo.split for photo in gone}
        twin = twins.get(label.casefold())
        text = (
            f"Class '{label}' is in {' and '.join(split for split in SPLITS if split in places)} but not in train: "
            f"its {len(gone):,} {'photo was' if len(gone) == 1 else 'photos were'} left out."
            + (f" Did you mean '{twin}'? Names are compared letter by letter." if twin else "")
        )
        notes.append(Note("class-not-in-train", text, "warning"))
    return kept, skipped, notes


def note_classes(photos: Sequence[Photo]) -> list[Note]:
    """Return notes on classes with a single photo, on classes missing from a split, and on empty splits."""
    sizes = Counter(photo.label for photo in photos)
    found: dict[str, set[str]] = {split: set() for split in SPLITS}
    for photo in photos:
        if photo.split is not None:
            found[photo.split].add(photo.label)
    notes = []
    single = [label for label, n in sizes.items() if n == 1]
    if single:
        text = f"Only 1 photo each, which trains and cannot be judged: {name_classes(single)}."
        notes.append(Note("single-photo", text, "warning"))
    for split in ("validation", "test"):
        missing = sizes.keys() - found[split]
        if not found[split]:
            notes.append(Note("empty-split", f"No photo is in {split}.", "warning"))
        elif missing:
            text = f"Classes without a photo in {split}: {name_classes(missing)}."
            notes.append(Note("class-missing", text, "warning"))
    return notes


def note_similar_names(labels: Iterable[str]) -> list[Note]:
    """Return a note on classes whose names differ only in upper and lower case, if there are any."""
    by_name: dict[str, list[str]] = {}
    for label in sorted(labels):
        by_name.setdefault(label.casefold(), []).append(f"'{label}'")
    twins = [" and ".join(names) for names in by_name.values() if len(names) > 1]
    shown = "; ".join(twins[:N_NAMED]) + (f"; and {len(twins) - N_NAMED:,} more" if len(twins) > N_NAMED else "")
    text = f"Class names that differ only in upper and lower case are different classes: {shown}."
    return [Note("similar-names", text, "warning")] if twins else []


def note_empty(announced: Iterable[str], usable: Collection[str]) -> list[Note]:
    """Return a note on the announced classes without a usable photo, if there are any."""
    empty = [label for label in announced if label not in usable]
    text = f"Classes without a usable photo, which were left out: {name_classes(empty)}."
    return [Note("empty-class", text, "warning")] if empty else []


def name_classes(labels: Iterable[str]) -> str:
    """Name the first five classes, sorted, and the number of others."""
    names = sorted(labels)
    shown = ", ".join(f"'{name}'" for name in names[:N_NAMED])
    return shown + (f" and {len(names) - N_NAMED:,} more" if len(names) > N_NAMED else "")


def suggest_label(label: str, known: Iterable[str]) -> str | None:
    """Return the known label that an unknown one probably stands for, or None."""
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(label.casefold(), folded, n=1, cutoff=CLOSE)
    return folded[close[0]] if close else None


def describe_unknown_labels(unknown: Mapping[str, int], known: Collection[str]) -> list[str]:
    """Describe each unknown label by its number of photos and the known label that was probably meant.

    Examples
    --------
    >>> describe_unknown_labels({"Cat": 1, "bird": 1200}, ["cats", "dogs"])
    ["1 photo of 'Cat' (did you mean 'cats'?)", "1,200 photos of 'bird'"]
    """
    lines = []
    for label, n in list(unknown.items())[:N_DESCRIBED]:
        meant = suggest_label(label, known)
        lines.append(f"{count_photos(n)} of '{label}'" + (f" (did you mean '{meant}'?)" if meant else ""))
    if len(unknown) > N_DESCRIBED:
        n_photos = sum(list(unknown.values())[N_DESCRIBED:])
        lines.append(f"{count_photos(n_photos)} of {len(unknown) - N_DESCRIBED:,} more labels")
    return lines


def clean_label(name: str) -> str | None:
    """Return the label for a name, or None if the name has characters that cannot be shown.

    Surrounding spaces are removed. Both ways of writing é, one character or two (macOS), give the same label
    (Unicode NFC).

    Examples
    --------
    >>> len("cafe\N{COMBINING ACUTE ACCENT}"), len(clean_label("cafe\N{COMBINING ACUTE ACCENT}"))
    (5, 4)
    """
    label = unicodedata.normalize("NFC", name).strip()
    is_shown = all(unicodedata.category(character) not in ("Cc", "Cs") for character in label)
    return label if is_shown else None
