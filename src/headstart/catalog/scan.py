"""Scan a folder or a CSV: from what is on disk to a checked, split catalog."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from headstart.catalog.classes import drop_unlearned, name_classes, note_classes, note_empty
from headstart.catalog.csv_file import read_csv
from headstart.catalog.found import Found
from headstart.catalog.layouts import read_folder
from headstart.catalog.leaks import drop_conflicts, drop_leaks, note_copies
from headstart.catalog.read import read_photos
from headstart.catalog.split import assign_splits
from headstart.catalog.summary import count_reasons
from headstart.catalog.table import Catalog, Photo, Skip
from headstart.errors import CatalogError


def scan_photos(
    source: str | Path,
    *,
    seed: int = 0,
    cache: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Catalog:
    """Scan labelled photos: find them, check them, and split them into train, validation and test.

    Every file is read for its digest, once for as long as it does not change; none is decoded and none is changed.
    Identical photos never stand on two sides, nor do the photos of a group.

    Parameters
    ----------
    source
        A folder with class folders (``pets/cats/1.jpg``), with or without ``train``, ``validation`` and ``test``
        above them; or a CSV of ``path,label[,split][,group][,weight]``.
    seed
        Fixes what is drawn at random; the same photos with the same seed give the same split on every machine.
    cache
        Remember digests in the user's cache folder, and leave unread what has not changed since.
    progress
        Called with the number of files read and their total, now and then.

    Raises
    ------
    CatalogError
        If there is nothing there, or fewer than two classes with training photos.
    """
    found = _find(Path(source), is_for_training=True)
    photos, skipped, notes = _read(found, progress, is_remembering=cache)
    for check in (drop_conflicts, drop_leaks):
        photos, dropped, said = check(photos, found.name_photo)
        skipped += dropped
        notes += said
    notes += note_empty(found.labels, {photo.label for photo in photos})
    photos, torn = assign_splits(photos, found.plan, seed)
    photos, unlearned, said = drop_unlearned(photos)
    skipped += torn + unlearned
    notes += [*said, *note_copies(photos), *note_classes(photos)]
    catalog = Catalog(tuple(photos), tuple(skipped), tuple(notes), str(source), seed)
    if len(catalog.labels) < 2:
        raise CatalogError(_describe_shortage(catalog))
    return catalog


def scan_labelled(
    source: str | Path, *, cache: bool = True, progress: Callable[[int, int], None] | None = None
) -> Catalog:
    """Scan labelled photos to evaluate on: nothing is drawn at random, and one class is enough.

    A photo has the split that its folder or the CSV names, or None. Whether a class is known is for the classifier
    to say.

    Parameters
    ----------
    source, cache, progress
        As for `scan_photos`.

    Raises
    ------
    CatalogError
        If there is nothing there, or no photo with a label.
    """
    found = _find(Path(source), is_for_training=False)
    photos, skipped, notes = _read(found, progress, is_remembering=cache)
    photos, dropped, said = drop_conflicts(photos, found.name_photo)
    if not photos:
        raise CatalogError(
            f"Cannot scan '{source}': got no photo with a label, need class folders or a CSV of path,label. "
            "Check what is in it."
        )
    return Catalog(tuple(photos), (*skipped, *dropped), (*notes, *said), str(source))


def _read(
    found: Found, progress: Callable[[int, int], None] | None, *, is_remembering: bool
) -> tuple[list[Photo], list[Skip], list[str]]:
    """Read the files that were found: the photos, what is left out, and the notes so far."""
    files = [candidate.file for candidate in found.candidates]
    readings = read_photos(files, progress, is_remembering=is_remembering)
    photos, skipped = [], list(found.skipped)
    for candidate, reading in zip(found.candidates, readings, strict=True):
        if reading.digest is None:
            skipped.append(Skip(Path(candidate.file), str(reading.reason)))
        else:
            fields = (candidate.label, reading.digest, candidate.split, candidate.group, candidate.weight)
            photos.append(Photo(candidate.file, *fields))
    return photos, skipped, list(found.notes)


def _find(path: Path, *, is_for_training: bool) -> Found:
    with suppress(RuntimeError):  # ~ and a name that is nobody's
        path = path.expanduser()
    try:
        if path.is_dir():
            return read_folder(path, is_for_training=is_for_training)
        if path.is_file():
            return read_csv(path)
    except PermissionError as error:
        raise CatalogError(f"Cannot scan '{path}': {error.strerror}. Ask for permission to read it.") from None
    got = "neither a folder nor a file" if os.path.lexists(path) else "a path that does not exist"
    raise CatalogError(f"Cannot scan '{path}': got {got}, need a folder of photos or a CSV. Check the path.")


def _describe_shortage(catalog: Catalog) -> str:
    learned = catalog.labels
    got = f"1 class with training photos ({name_classes(learned)})" if learned else "no training photo"
    reasons = ", ".join(f"{reason} ({n:,})" for reason, n in count_reasons(catalog.skipped)[:5])
    left_out = f" Left out: {reasons}." if reasons else ""
    return (
        f"Cannot scan '{catalog.source}': got {got}, need at least 2 classes with training photos.{left_out} "
        "Add photos, or correct those that were left out."
    )
