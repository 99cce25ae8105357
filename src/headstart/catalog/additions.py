"""Add photos of other sources to photos whose splits are known and stay as they are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from headstart.catalog.catalog import Catalog
from headstart.catalog.classes import drop_untrained, note_classes, note_similar_names
from headstart.catalog.grouping import group_listing
from headstart.catalog.hashing import hash_files
from headstart.catalog.leaks import Name, drop_conflicts, drop_leaks, note_copies
from headstart.catalog.photo import Photo, Skip
from headstart.catalog.photo_search import find_photos
from headstart.catalog.scan import add_to_layout, hash_listing
from headstart.catalog.several_sources import find_place
from headstart.catalog.source import Source, read_source
from headstart.catalog.source_listing import SourceListing
from headstart.catalog.split import SplitPlan, assign_splits, describe_split
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.evaluation.words import count_photos, join_labels
from headstart.process.progress import Progress, ignore_progress


def plan_additions(plan: SplitPlan) -> SplitPlan:
    """Plan the split of added photos that have none, by the plan of the photos that they are added to.

    They are divided by its shares. If validation photos were divided, or nothing was, they go to train.

    Examples
    --------
    >>> plan_additions(SplitPlan("train", {"train": 80, "validation": 20}))
    SplitPlan(pool=None, shares={'train': 80, 'validation': 20})
    """
    if plan.pool == "validation" or not plan.shares:
        return SplitPlan(None, {"train": 100})
    return replace(plan, pool=None)


def join_additions(
    kept: Catalog, source: Source | None, *, forgotten: frozenset[str] = frozenset(), cache: bool = True,
    progress: Progress = ignore_progress,
) -> Catalog:  # fmt: skip
    """Return a catalog with the photos of another one and those of a source.

    The photos of ``kept`` keep their splits, also if the split is drawn again for near copies. Photos of the source
    that are in ``kept`` count once, and have the label that the source gives. The others have the split that the source
    names; without one they join their group, or are divided by `plan_additions`.

    Parameters
    ----------
    source
        What is added; ``source.group_from`` gives groups to these photos. A folder in which photos of ``kept`` lie, and
        that has no class folder, only says where they lie. None: nothing.
    forgotten
        Digests of photos that are left out of the source, too.
    """
    photos, skipped, notes = list(kept.photos), list(kept.skipped), list(kept.notes)
    plan = plan_additions(kept.plan)
    new: list[Photo] = []
    name_label: Name = lambda photo: f"'{photo.label}'"  # noqa: E731
    if source is not None:
        found = _list_added(kept, source, forgotten, cache=cache)
        name_label = found.name_label
        photos, new, left_out, said = _compare(kept, found, source, forgotten, cache=cache, progress=progress)
        photos, skipped, notes = photos + new, skipped + left_out, notes + said
    photos, conflicting, said = drop_conflicts(photos, lambda photo: photo.file, name_label)
    divided, ambiguous = assign_splits(photos, plan, kept.seed)
    if new:
        notes = add_to_layout(notes, describe_split(plan, photos, divided))
    photos, untrained, more = drop_untrained(divided)
    notes += [*said, *more, *note_copies(photos), *note_classes(photos)]
    notes += note_similar_names({photo.label for photo in photos})
    return replace(
        kept, photos=tuple(photos), skipped=(*skipped, *conflicting, *ambiguous, *untrained), notes=tuple(notes),
        plan=plan, pinned=frozenset(photo.digest for photo in kept.photos),
    )  # fmt: skip


def _list_added(kept: Catalog, source: Source, forgotten: frozenset[str], *, cache: bool) -> SourceListing:
    """List the photos of a source. A folder that only says where photos of ``kept`` lie has none."""
    # one source is treated as several: its notes name it, and one class is enough
    parts = source.parts or (replace(source, group_from=None),)
    labels = frozenset(photo.label for photo in kept.photos)
    several = replace(source, kind="several", parts=parts, group_from=None)
    notes = []
    try:
        found = read_source(several, is_for_training=True, known=labels)
    except CatalogError:
        told = [_note_places(kept, part, labels, forgotten, cache) for part in parts]
        notes = [note for note in told if note is not None]
        if not notes:
            raise
        rest = [part for part, note in zip(parts, told, strict=True) if note is None]
        if not rest:
            return SourceListing(Path(), [], labels=frozenset(), plan=None, notes=notes, roots=(Path(),))
        found = read_source(replace(several, parts=tuple(rest)), is_for_training=True, known=labels)
    if source.group_from is not None:  # also with few groups: the photos of ``kept`` may have more
        found = group_listing(found, source.group_from, is_for_training=False)
    return replace(found, notes=[*found.notes, *notes])


def _note_places(
    kept: Catalog, part: Source, labels: frozenset[str], forgotten: frozenset[str], cache: bool
) -> Note | None:
    """Return a note on a folder without class folders in which photos of ``kept`` were found. None: it is no such."""
    folder = find_place(str(part.path))
    here = {place for photo in kept.photos if (place := find_place(photo.file)).startswith(folder + os.sep)}
    if part.kind != "folder" or not here:
        return None
    try:
        read_source(replace(part, kind="several", parts=(part,)), is_for_training=True, known=labels)
    except CatalogError:
        known = forgotten.union(photo.digest for photo in kept.photos)
        others = [file for file in map(str, find_photos([part.path])) if find_place(file) not in here]
        n_other = sum(result.digest not in known for result in hash_files(others, cache=cache))
        text = f"{count_photos(len(here))} of the run {'was' if len(here) == 1 else 'were'} found in '{part.name}'."
        if not n_other:
            return Note("several-sources", text)
        verb = "has no label, and was" if n_other == 1 else "have no label, and were"
        text += (
            f" {count_photos(n_other, 'other')} in it {verb} not added: put new photos into a folder for each class, "
            "or list them with labels in a CSV."
        )
        return Note("several-sources", text, "warning")
    return None


def _compare(
    kept: Catalog, found: SourceListing, source: Source, forgotten: frozenset[str], *, cache: bool, progress: Progress
) -> tuple[list[Photo], list[Photo], list[Skip], list[Note]]:
    """Return the photos of ``kept`` with the labels that a source gives, its other photos, those left out, and notes.

    A photo of ``kept`` that was moved to a folder which is named like none of its classes keeps its label.
    """
    known = {photo.digest: photo for photo in kept.photos}
    photos, skipped, notes = hash_listing(found, progress, cache=cache, known=known)
    places = {find_place(photo.file) for photo in kept.photos}
    skipped = [skip for skip in skipped if find_place(str(skip.path)) not in places]
    moved = _find_moved(photos, kept, source, places)
    given: dict[str, set[str]] = {}
    for photo in photos:
        if photo.digest in known and (photo.digest, photo.label) not in moved:
            given.setdefault(photo.digest, set()).add(photo.label)
    new, n_repeated = [], 0
    for photo in photos:
        first = known.get(photo.digest)
        if photo.digest in forgotten:
            skipped.append(Skip(photo.path, "identical to a photo that is forgotten", photo.digest))
        elif first is None or len(given.get(photo.digest, ())) > 1:
            new.append(photo)
        else:
            n_repeated += 1
            if find_place(photo.file) not in places:
                skipped.append(Skip(photo.path, f"identical to a photo of the run ('{first.file}')", photo.digest))
    if n_repeated:
        verb, counts = ("is", "counts") if n_repeated == 1 else ("are", "count")
        text = f"{count_photos(n_repeated)} of {source.name} {verb} in the run already, and {counts} once."
        notes.append(Note("several-sources", text))
    if moved:
        notes.append(_note_moved(moved, source.name))
    labels = {digest: min(names) for digest, names in given.items() if len(names) == 1}
    own, changed = correct_labels(kept.photos, labels, source.name)
    new, leaked, said = drop_leaks(new, found.name_photo)
    return own, new, [*skipped, *leaked], [*notes, *changed, *said]


def _find_moved(
    photos: Sequence[Photo], kept: Catalog, source: Source, places: AbstractSet[str]
) -> set[tuple[str, str]]:
    """Return digest and label of photos of ``kept`` that were found in a folder whose name is none of its classes."""
    folders = [part.path for part in source.parts or [source] if part.kind == "folder"]
    labels = {photo.label for photo in kept.photos}
    return {
        (photo.digest, photo.label) for photo in photos
        if photo.label not in labels and find_place(photo.file) in places
        and any(photo.path.is_relative_to(folder) for folder in folders)
    }  # fmt: skip


def _note_moved(moved: AbstractSet[tuple[str, str]], source: str) -> Note:
    names = join_labels([f"'{label}'" for label in sorted({label for _, label in moved})])
    n = len(moved)
    text = (
        f"{count_photos(n)} of the run {'lies' if n == 1 else 'lie'} in {source} in folders that are named like none "
        f"of its classes ({names}), and {'keeps its label' if n == 1 else 'keep their labels'}. To give a photo such a "
        "label, list it with the label in a CSV, and add the CSV."
    )
    return Note("several-sources", text, "warning")


def correct_labels(photos: Sequence[Photo], labels: Mapping[str, str], source: str) -> tuple[list[Photo], list[Note]]:
    """Return photos with new labels, which are given by digest, and a note on those that change."""
    changed = {photo.digest: photo for photo in photos if labels.get(photo.digest, photo.label) != photo.label}
    if not changed:
        return list(photos), []
    first = next(iter(changed.values()))
    what = "photo of the run has another label" if len(changed) == 1 else "photos of the run have another label"
    verb = "has" if len(changed) == 1 else "have"
    text = (
        f"{len(changed):,} {what} in {source}, and {verb} it now, such as {first.file} ('{first.label}' before, "
        f"'{labels[first.digest]}' now)."
    )
    corrected = [replace(photo, label=labels.get(photo.digest, photo.label)) for photo in photos]
    return corrected, [Note("corrected-labels", text, "warning")]
