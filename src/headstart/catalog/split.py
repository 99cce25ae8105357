"""The rules of the split: which photos go to train, validation and test. No files here, only rows.

The split is a function of digests, labels, groups and the seed: the order of rows, the names of files and the machine
have no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from headstart.catalog.photo import SPLITS, Photo, Skip
from headstart.catalog.split_units import join_units
from headstart.catalog.stratification import divide_units

SYNONYMS = {
    "train": ("train", "training", "training_set", "train_set"),
    "validation": ("validation", "val", "valid", "validation_set", "val_set"),
    "test": ("test", "testing", "test_set"),
}
_BY_SYNONYM = {synonym: split for split, synonyms in SYNONYMS.items() for synonym in synonyms}


def parse_split(name: str) -> str | None:
    """Return the split that a folder or a cell of a CSV names, or None.

    Examples
    --------
    >>> parse_split("Training_Set"), parse_split("val"), parse_split("cats")
    ('train', 'validation', None)
    """
    return _BY_SYNONYM.get(name.strip().casefold())


@dataclass(frozen=True)
class SplitPlan:
    """What is to be split at random.

    Attributes
    ----------
    pool
        The photos that are divided: those of this split, or with None those without one.
    shares
        Percent by split, 100 in all, the split that comes first at tiny classes first; empty: nothing is divided.
    """

    pool: str | None = None
    shares: Mapping[str, int] = field(default_factory=dict)


KEEP_ALL = SplitPlan()


def plan_rows(named: set[str]) -> SplitPlan:
    """Plan the rows without a split, given the splits that other rows name.

    Each of validation and test that no row names gets a share of them, 15% if both and 20% if one; the rest trains.

    Examples
    --------
    >>> plan_rows({"train", "test"}).shares
    {'train': 80, 'validation': 20}
    """
    missing = [split for split in ("validation", "test") if split not in named]
    percent = {0: 0, 1: 20, 2: 15}[len(missing)]
    return SplitPlan(None, {"train": 100 - percent * len(missing)} | dict.fromkeys(missing, percent))


def plan_folders(named: set[str]) -> SplitPlan:
    """Plan the split of a folder that has folders for these splits, ``train`` among them, or for none.

    Examples
    --------
    >>> plan_folders({"train", "validation"})
    SplitPlan(pool='validation', shares={'validation': 80, 'test': 20})
    """
    if named == {"train", "validation"}:
        return SplitPlan("validation", {"validation": 80, "test": 20})
    if named == {"train", "test"}:
        return SplitPlan("train", {"train": 80, "validation": 20})
    return KEEP_ALL if named == set(SPLITS) else SplitPlan(None, {"train": 70, "validation": 15, "test": 15})


def assign_splits(photos: Sequence[Photo], plan: SplitPlan, seed: int) -> tuple[list[Photo], list[Skip]]:
    """Divide the pool of the plan; photos outside it stay where they are.

    A photo of the pool follows the photos outside it that it must stay with. The rest is stratified: every class with
    as many units (photos or groups) as there are splits has photos in each, smaller ones go to the first.

    Returns
    -------
    The photos in their order, and those of the pool that two splits lay claim to.
    """
    if not plan.shares:
        return list(photos), []
    splits: dict[int, str] = {}
    skipped: dict[int, Skip] = {}
    free = []
    for unit in join_units(photos, seed):
        pool = [i for i in unit.members if photos[i].split == plan.pool]
        anchors = [s for s in SPLITS if s != plan.pool and any(photos[i].split == s for i in unit.members)]
        if len(anchors) > 1:
            reason = f"it belongs with photos of {' and of '.join(anchors)} (same group or identical bytes)"
            skipped |= {i: Skip(photos[i].path, reason) for i in pool}
        elif anchors:
            splits |= dict.fromkeys(pool, anchors[0])
        else:
            free.append(unit)
    for unit, split in divide_units(free, plan.shares):
        splits |= dict.fromkeys(unit.members, split)
    kept = [
        replace(photo, split=splits[i]) if i in splits else photo for i, photo in enumerate(photos) if i not in skipped
    ]
    return kept, list(skipped.values())
