"""Join the listings of several sources into one, in which a photo that several sources have counts once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from headstart.catalog.photo import SPLITS, Photo, Skip
from headstart.catalog.source_listing import ListedPhoto, SourceListing
from headstart.catalog.split import SplitPlan, plan_folders, plan_rows
from headstart.evaluation.notes import Note
from headstart.evaluation.words import count_photos
from headstart.storage.remote_paths import RemotePath, make_path

SEPARATOR = " + "  # between the names of sources
AnyPhoto = TypeVar("AnyPhoto", Photo, ListedPhoto)


def join_listings(names: Sequence[str], listings: Sequence[SourceListing]) -> SourceListing:
    """Join listings of sources with these names, before any photo is read.

    A file that several sources list counts once, if they give it the same label and no two splits. Splits that a source
    names stay. Of the other photos, each split that is named nowhere gets its share.
    """
    photos: list[ListedPhoto] = []
    at: dict[str, int] = {}
    n_repeated = 0
    for number, listing in enumerate(listings):
        for photo in listing.photos:
            place = find_place(photo.file)
            first = at.setdefault(place, len(photos))
            if first < len(photos) and photos[first].source != number and _fits(photos[first], photo):
                photos[first] = _add_facts(photos[first], photo)
                n_repeated += 1
            else:
                photos.append(replace(photo, source=number))
    layout = [
        f"{name}: {note.text}" for name, listing in zip(names, listings, strict=True)
        for note in listing.notes if note.code == "layout"
    ]  # fmt: skip
    notes = [Note("layout", " ".join(layout))]
    notes += [
        replace(note, text=f"{name}: {note.text}") for name, listing in zip(names, listings, strict=True)
        for note in listing.notes if note.code != "layout"
    ]  # fmt: skip
    if n_repeated:
        text = (
            f"{count_photos(n_repeated)} of one source {'is' if n_repeated == 1 else 'are'} in another one, too, and "
        )
        notes.append(Note("several-sources", f"{text}{'counts' if n_repeated == 1 else 'count'} once."))
    return SourceListing(
        make_path("."), photos, labels=frozenset().union(*(listing.labels for listing in listings)),
        plan=_join_plans(photos, listings), notes=notes, names=tuple(names),
        roots=tuple(listing.root for listing in listings),
        # a file without a label in one source may have one in another
        skipped=[skip for listing in listings for skip in listing.skipped if find_place(str(skip.path)) not in at],
    )  # fmt: skip


def _join_plans(photos: Sequence[ListedPhoto], listings: Sequence[SourceListing]) -> SplitPlan:
    """Plan the split: as that of a folder if a folder divides a split that it names, else as that of a table."""
    named = {photo.split for photo in photos if photo.split is not None}
    divides = any(listing.plan is not None and listing.plan.pool is not None for listing in listings)
    plan = plan_folders(named) if divides else None
    return plan if plan is not None and plan.pool is not None else plan_rows(named)


def drop_repeated(photos: Sequence[Photo], sources: Sequence[int]) -> tuple[list[Photo], list[Skip], list[Note]]:
    """Leave out the photos that are identical to a photo of an earlier source.

    The photo that stays gets the split, the group, the weight and the near copies that only the other one has. Photos
    with another label, or in another split, stay: they are conflicts or leaks. So do copies in one source.

    Parameters
    ----------
    sources
        Number of the source of each photo.
    """
    firsts: dict[str, list[int]] = {}  # positions of the copies in the first source that has them
    kept: list[Photo | None] = list(photos)
    skipped: list[Skip] = []
    for n, photo in enumerate(photos):
        copies = firsts.setdefault(photo.digest, [])
        first = kept[copies[0]] if copies else None
        if first is None or sources[copies[0]] == sources[n]:
            copies.append(n)
        elif _fits(first, photo):
            kept[n] = None
            skipped.append(Skip(photo.path, f"identical to '{first.file}' of another source", photo.digest))
            for copy in copies:
                kept[copy] = _add_facts(kept[copy] or first, photo)
    notes = []
    if skipped:
        text = (
            f"{count_photos(len(skipped))} of one source {'is' if len(skipped) == 1 else 'are'} identical to photos of "
            f"another one, such as '{skipped[0].path}', and {'was' if len(skipped) == 1 else 'were'} left out: each "
            "photo counts once."
        )
        notes.append(Note("several-sources", text))
    return [photo for photo in kept if photo is not None], skipped, notes


def join_names(names: Sequence[str]) -> str:
    """Join the names of sources to one name for messages.

    Examples
    --------
    >>> join_names(["pets/", "more.csv"])
    'pets/ + more.csv'
    """
    return SEPARATOR.join(names)


def _fits(photo: AnyPhoto, other: AnyPhoto) -> bool:
    """Say whether two entries of one photo contradict each other in nothing."""
    return photo.label == other.label and len({photo.split, other.split} & set(SPLITS)) < 2


def _add_facts(photo: AnyPhoto, other: AnyPhoto) -> AnyPhoto:
    """Return a photo with the facts that only another entry of the same photo has."""
    return replace(
        photo, split=photo.split or other.split, group=photo.group or other.group,
        weight=other.weight if photo.weight == 1 else photo.weight, near_copies=photo.near_copies or other.near_copies,
    )  # fmt: skip


def find_place(file: str) -> str:
    """Return the absolute path of a file, by which two names of it are known to be one file; of a URI, itself."""
    is_remote = "://" in file and isinstance(make_path(file), RemotePath)
    return file if is_remote else os.path.abspath(file)  # noqa: PTH100  a `Path` is slower
