"""The rules of the split into train, validation and test.

The split is a function of digests, labels, groups and the seed. It does not depend on the order of rows, file names or
the machine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from headstart.catalog.photo import SPLITS, Photo, Skip
from headstart.catalog.split_units import join_units
from headstart.catalog.stratification import divide_units

SYNONYMS = {
    "train": ("train", "training", "training_set", "train_set"),
    "validation": ("validation", "val", "valid", "validation_set", "val_set"),
    "test": ("test", "testing", "test_set"),
}
UNEVEN = 0.1  # less than planned, as a share of the photos, from which the split is called uneven
_BY_SYNONYM = {synonym: split for split, synonyms in SYNONYMS.items() for synonym in synonyms}


def parse_split(name: str) -> str | None:
    """Return the split for the name of a folder or the text of a cell, or None."""
    return _BY_SYNONYM.get(name.strip().casefold())


def parse_framed_splits(names: Iterable[str]) -> dict[str, str]:
    """Return the splits of names that are equal but for the word of a split, such as ``x_train`` and ``x_test``.

    Empty if there are not two such names of different splits, one of them ``train``.

    Examples
    --------
    >>> parse_framed_splits(["TrainImages", "TestImages", "train_station"])
    {'TrainImages': 'train', 'TestImages': 'test'}
    """
    frames: dict[tuple[str, str], dict[str, str]] = {}
    for name in names:
        for word in re.finditer(r"[A-Z]?[a-z]+|[A-Z]+", name):
            if (split := parse_split(word[0])) is not None:
                frame = (name[: word.start()].casefold(), name[word.end() :].casefold())
                frames.setdefault(frame, {})[name] = split
    pairs = [frame for frame in frames.values() if "train" in frame.values() and len(set(frame.values())) > 1]
    return max(pairs, key=len, default={})


@dataclass(frozen=True)
class SplitPlan:
    """Plan of a random split.

    Attributes
    ----------
    pool
        Split whose photos are divided. None: the photos without a split.
    shares
        Percent by split, 100 in all. Tiny classes go to the first split. Empty: nothing is divided.
    """

    pool: str | None = None
    shares: Mapping[str, int] = field(default_factory=dict)


KEEP_ALL = SplitPlan()


def plan_rows(named: set[str]) -> SplitPlan:
    """Plan the split of the rows without one, given the splits that other rows name.

    Validation and test get 15% each if no row names them, and 20% if only one is missing. The rest goes to train.
    """
    missing = [split for split in ("validation", "test") if split not in named]
    percent = {0: 0, 1: 20, 2: 15}[len(missing)]
    return SplitPlan(None, {"train": 100 - percent * len(missing)} | dict.fromkeys(missing, percent))


def plan_folders(named: set[str]) -> SplitPlan:
    """Plan the split of a folder with folders for these splits: none, or ``train`` with or without others."""
    if named == {"train", "validation"}:
        return SplitPlan("validation", {"validation": 80, "test": 20})
    if named == {"train", "test"}:
        return SplitPlan("train", {"train": 80, "validation": 20})
    return KEEP_ALL if named == set(SPLITS) else SplitPlan(None, {"train": 70, "validation": 15, "test": 15})


def describe_split(plan: SplitPlan, given: Sequence[Photo], divided: Sequence[Photo]) -> str:
    """Say what `assign_splits` did, by the numbers of photos that each split got."""
    before, after = (Counter(photo.split for photo in photos) for photos in (given, divided))
    if not (before.pop(plan.pool, 0) and plan.shares):
        return "The splits are taken as they are."
    kind = f"The {plan.pool} photos" if plan.pool else "The photos without a split" if before else "All photos"
    got = {split: after[split] - before[split] for split in SPLITS}
    numbers = ", ".join(f"{n:,} {split}" for split, n in got.items() if n or split in plan.shares)
    if len(plan.shares) == 1:
        return f"{kind} were added: {numbers}."
    told = f"{kind} were split {'/'.join(map(str, plan.shares.values()))} at random: {numbers}."
    told += _describe_groups(plan, divided)
    if all(got[split] for split in plan.shares):
        return told
    return f"{told} A class with fewer than {len(plan.shares)} photos or groups is not split."


def _describe_groups(plan: SplitPlan, divided: Sequence[Photo]) -> str:
    """Say how many groups each split of the plan has, and whether they make the splits uneven."""
    groups = {s: {photo.group for photo in divided if photo.split == s and photo.group} for s in plan.shares}
    if not any(groups.values()):
        return ""
    told = f" Groups: {', '.join(f'{len(names):,} {split}' for split, names in groups.items())}."
    first, share = next(iter(plan.shares.items()))
    sizes = Counter(photo.split for photo in divided)
    if sizes[first] < (share / 100 - UNEVEN) * sum(sizes[split] for split in plan.shares):
        told += f" With so few groups the splits are uneven: {first} has fewer photos than planned."
    return told


def fill_splits(photos: Sequence[Photo], plan: SplitPlan) -> list[Photo]:
    """Give photos without a split to train, if the plan divides the photos of a split that is named.

    Of several sources, some name splits and others do not.
    """
    if plan.pool is None:
        return list(photos)
    return [photo if photo.split else replace(photo, split="train") for photo in photos]


def assign_splits(photos: Sequence[Photo], plan: SplitPlan, seed: int) -> tuple[list[Photo], list[Skip]]:
    """Divide the pool of the plan. Photos outside the pool keep their splits.

    If a unit (identical photos, near copies, or a group) has photos outside the pool, its other photos join them; near
    copies only if the pool is the photos without a split, because a named split keeps its photos. The other units are
    stratified by label: a class has photos in each split if it has as many units; a smaller class goes to the first
    split.

    Returns
    -------
    The photos in their order, and the photos of the pool whose unit is in two splits already.
    """
    if not plan.shares:
        return list(photos), []
    splits: dict[int, str] = {}
    skipped: dict[int, Skip] = {}
    free = []
    for unit in join_units(_keep_to_pool(photos, plan), seed):
        pool = [i for i in unit.members if photos[i].split == plan.pool]
        anchors = [s for s in SPLITS if s != plan.pool and any(photos[i].split == s for i in unit.members)]
        if len(anchors) > 1:
            reason = f"it belongs with photos of {' and of '.join(anchors)} (same group, or copies)"
            skipped |= {i: Skip(photos[i].path, reason) for i in pool}
        elif anchors:
            splits |= dict.fromkeys(pool, anchors[0])
        else:
            free.append(unit)
    for unit, split in divide_units(free, plan.shares):
        splits |= dict.fromkeys(unit.members, split)
    divided = [
        replace(photo, split=splits[i], is_drawn=True) if i in splits else photo for i, photo in enumerate(photos)
    ]
    return [photo for i, photo in enumerate(divided) if i not in skipped], list(skipped.values())


def _keep_to_pool(photos: Sequence[Photo], plan: SplitPlan) -> Sequence[Photo]:
    """Return the photos without the names of near copies that must not draw others into their split.

    These are all outside a pool that is a named split, and otherwise those whose near copies are in two splits already.
    """
    splits: dict[str, set[str | None]] = {}
    for photo in photos:
        if photo.near_copies is not None and photo.split != plan.pool:
            splits.setdefault(photo.near_copies, set()).add(photo.split)
    dropped = {name for name, found in splits.items() if plan.pool is not None or len(found) > 1}
    if not dropped:
        return photos
    return [
        replace(photo, near_copies=None) if photo.near_copies in dropped and photo.split != plan.pool else photo
        for photo in photos
    ]
