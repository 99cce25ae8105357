"""Describe how a run grew out of an earlier one: the photos that were added and forgotten, and what changed by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from headstart.catalog.photo import SPLITS, Photo
from headstart.runs.run_diff import compare_sides, list_other_answers
from headstart.runs.run_side import RunSide

HELD_OUT = SPLITS[1:]  # a run answers their photos by a head that was not fitted to them
N_LISTED = 50  # photos with another answer that metrics.json has; headstart diff lists all


def describe_growth(before: RunSide, after: RunSide, forgotten: Collection[str]) -> dict[str, Any]:
    """Return the record ``growth`` of metrics.json, in plain JSON types.

    Parameters
    ----------
    forgotten
        Digests of the photos that the user asked to forget.

    Returns
    -------
    ``run``: folder of the earlier run. ``added``, ``forgotten``, ``left_out``: the number of photos of each split, by
    class; those left out were neither asked to be forgotten nor used, such as copies with two labels.
    ``new_classes``, ``lost_classes``: names. ``of_new_classes``: the number of photos of each new class, as in
    ``added``; photos of the earlier run are among them if their labels were corrected. ``comparison``: as that of
    `diff_runs`, on the test photos of both.
    ``n_held_out``: photos that are validation or test photos of both runs, with the same label, and ``n_other`` of
    these have another answer; ``other_answers`` lists the first 50 of them, the test photos first. ``by_class``: for
    each class of these photos ``n``, the number that is right ``before`` and ``after``, the photos ``gained`` (wrong,
    now right) and ``lost`` (right, now wrong), and of the lost ones the number ``to_new`` that became a new class.
    """
    classes = [set(side.metrics["classes"]) for side in (before, after)]
    new = sorted(classes[1] - classes[0])
    answered = [digest for digest in before.answers if digest in after.answers]
    held = [digest for digest in answered if _is_held_out(before.photos[digest], after.photos[digest])]
    other = list_other_answers(before, after, held)
    gone = [photo for digest, photo in before.photos.items() if digest not in after.photos]
    return {
        "run": str(before.folder),
        "added": _count(photo for digest, photo in after.photos.items() if digest not in before.photos),
        "forgotten": _count(photo for photo in gone if photo.digest in forgotten),
        "left_out": _count(photo for photo in gone if photo.digest not in forgotten),
        "new_classes": new,
        "of_new_classes": _count(photo for photo in after.photos.values() if photo.label in new),
        "lost_classes": sorted(classes[0] - classes[1]),
        "comparison": compare_sides(before, after, answered),
        "n_held_out": len(held), "n_other": len(other), "other_answers": other[:N_LISTED],
        "by_class": _count_by_class(before, after, held, new),
    }  # fmt: skip


def _is_held_out(before: Photo, after: Photo) -> bool:
    return before.split == after.split and before.split in HELD_OUT and before.label == after.label


def _count(photos: Iterable[Photo]) -> dict[str, dict[str, int]]:
    """Return the number of photos of each split, by class; of copies one counts."""
    counts = Counter((photo.label, photo.split) for photo in photos)
    return {
        label: {split: counts[label, split] for split in SPLITS} for label in sorted({label for label, _ in counts})
    }


def _count_by_class(before: RunSide, after: RunSide, held: Sequence[str], new: Sequence[str]) -> list[dict[str, Any]]:
    rows: dict[str, Counter[str]] = {}
    for digest in held:
        label, now = after.photos[digest].label, after.answers[digest].label
        was_right, is_right = before.answers[digest].label == label, now == label
        row = rows.setdefault(label, Counter())
        row.update(n=1, before=was_right, after=is_right, gained=is_right and not was_right,
                   lost=was_right and not is_right, to_new=was_right and now in new)  # fmt: skip
    names = ("n", "before", "after", "gained", "lost", "to_new")
    return [{"label": label} | {name: rows[label][name] for name in names} for label in sorted(rows)]
