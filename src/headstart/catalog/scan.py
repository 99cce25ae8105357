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


def scan_photos(source: str | Path, *, seed: int = 0, progress: Callable[[int, int], None] | None = None) -> Catalog:
    """Scan labelled photos: find them, check them, and split them into train, validation and test.

    Every file is read once for its digest, none is decoded and none is changed. Identical photos never stand on two
    sides, nor do the photos of a group.

    Parameters
    ----------
    source
        A folder with class folders (``pets/cats/1.jpg``), with or without ``train``, ``validation`` and ``test``
        above them; or a CSV of ``path,label[,split][,group][,weight]``.
    seed
        Fixes what is drawn at random; the same photos with the same seed give the same split on every machine.
    progress
        Called with the number of files read and their total, now and then.

    Raises
    ------
    CatalogError
        If there is nothing there, or fewer than two classes with training photos.
    """
    path = Path(source)
    with suppress(RuntimeError):  # ~ and a name that is nobody's
        path = path.expanduser()
    found = _find(path)
    readings = read_photos([candidate.path for candidate in found.candidates], progress)
    photos, skipped, notes = [], list(found.skipped), list(found.notes)
    for candidate, reading in zip(found.candidates, readings, strict=True):
        if reading.digest is None:
            skipped.append(Skip(candidate.path, str(reading.reason)))
        else:
            fields = (candidate.label, reading.digest, candidate.split, candidate.group, candidate.weight)
            photos.append(Photo(candidate.path, *fields))

    def name(photo: Photo) -> str:
        is_inside = photo.path.is_relative_to(found.root)
        return (photo.path.relative_to(found.root) if is_inside else photo.path).as_posix()

    for check in (drop_conflicts, drop_leaks):
        photos, dropped, said = check(photos, name)
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


def _find(path: Path) -> Found:
    try:
        if path.is_dir():
            return read_folder(path)
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
