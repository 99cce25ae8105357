"""Add photos of other sources to photos whose splits are known and stay as they are."""

from __future__ import annotations

from dataclasses import replace

from headstart.catalog.catalog import Catalog
from headstart.catalog.classes import drop_untrained, note_classes, note_similar_names
from headstart.catalog.grouping import group_listing
from headstart.catalog.leaks import drop_conflicts, drop_leaks, note_copies
from headstart.catalog.photo import Photo, Skip
from headstart.catalog.scan import add_to_layout, hash_listing
from headstart.catalog.source import Source, read_source
from headstart.catalog.split import SplitPlan, assign_splits, describe_split
from headstart.evaluation.notes import Note
from headstart.evaluation.words import count_photos
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
    that are in ``kept``, with the same label, are left out. The others have the split that the source names; without
    one they join their group, or are divided by `plan_additions`.

    Parameters
    ----------
    source
        What is added; ``source.group_from`` gives groups to these photos. None: nothing.
    forgotten
        Digests of photos that are left out of the source, too.
    """
    photos, skipped, notes = list(kept.photos), list(kept.skipped), list(kept.notes)
    plan = plan_additions(kept.plan)
    new: list[Photo] = []
    if source is not None:
        new, left_out, said = _list_new(kept, source, forgotten, cache=cache, progress=progress)
        photos, skipped, notes = photos + new, skipped + left_out, notes + said
    photos, conflicting, said = drop_conflicts(photos, lambda photo: photo.file)
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


def _list_new(
    kept: Catalog, source: Source, forgotten: frozenset[str], *, cache: bool, progress: Progress
) -> tuple[list[Photo], list[Skip], list[Note]]:
    """Return the photos of a source that are not in ``kept``, the files that are left out, and notes."""
    # one source is treated as several: its notes name it, and one class is enough
    parts = source.parts or (replace(source, group_from=None),)
    labels = frozenset(photo.label for photo in kept.photos)
    several = replace(source, kind="several", parts=parts, group_from=None)
    found = read_source(several, is_for_training=True, known=labels)
    if source.group_from is not None:  # also with few groups: the photos of ``kept`` may have more
        found = group_listing(found, source.group_from, is_for_training=False)
    known = {photo.digest: photo for photo in kept.photos}
    photos, skipped, notes = hash_listing(found, progress, cache=cache, known=known)
    new, repeated = [], []
    for photo in photos:
        first = known.get(photo.digest)
        if photo.digest in forgotten:
            skipped.append(Skip(photo.path, "identical to a photo that is forgotten", photo.digest))
        elif first is None or first.label != photo.label:
            new.append(photo)
        else:
            repeated.append(Skip(photo.path, f"identical to a photo of the run ('{first.file}')", photo.digest))
    if repeated:
        verb, counts = ("is", "counts") if len(repeated) == 1 else ("are", "count")
        text = f"{count_photos(len(repeated))} of {source.name} {verb} in the run already, and {counts} once."
        notes.append(Note("several-sources", text))
    new, leaked, said = drop_leaks(new, found.name_photo)
    return new, [*skipped, *repeated, *leaked], [*notes, *said]
