"""Split units: the photos of a group, identical photos and near copies stay in one split."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from headstart.catalog.photo import Photo


@dataclass(frozen=True, slots=True)
class SplitUnit:
    """Photos that stay in one split.

    Attributes
    ----------
    members
        Positions of the photos in the list.
    order
        Hash of the seed and the photos' digests, in hex: sorting by it shuffles.
    counts
        Number of members by label, in the order of the labels.
    """

    members: tuple[int, ...]
    order: str
    counts: dict[str, int]


def join_units(photos: Sequence[Photo], seed: int) -> list[SplitUnit]:
    """Join photos with the same digest, group or near copies, directly or through other photos, into units.

    The units are sorted by ``order``: they do not depend on paths or on the order of ``photos``.
    """
    return _sort_units(photos, name_units(photos), seed)


def name_units(photos: Sequence[Photo]) -> list[str]:
    """Return a name for each photo, which the photos of its unit share; see `join_units`."""
    if not any(photo.group is not None or photo.near_copies is not None for photo in photos):
        return [photo.digest for photo in photos]
    parents: dict[str, str] = {}

    def find(name: str) -> str:
        while parents.setdefault(name, name) != name:
            parents[name] = parents[parents[name]]  # union-find with path halving (Tarjan and van Leeuwen 1984)
            name = parents[name]
        return name

    for photo in photos:
        if photo.group is not None:
            parents[find(f"digest {photo.digest}")] = find(f"group {photo.group}")
        if photo.near_copies is not None:
            parents[find(f"digest {photo.digest}")] = find(f"near {photo.near_copies}")
    return [find(f"digest {photo.digest}") for photo in photos]


def _sort_units(photos: Sequence[Photo], names: Sequence[str], seed: int) -> list[SplitUnit]:
    """Return the units: the photos with equal names."""
    together: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        together.setdefault(name, []).append(position)
    # shared by units: a dict for each would double the memory
    single = {label: {label: 1} for label in {photo.label for photo in photos}}
    units = [_make_unit(photos, members, seed, single) for members in together.values()]
    return sorted(units, key=lambda unit: unit.order)


def _make_unit(photos: Sequence[Photo], members: list[int], seed: int, single: dict[str, dict[str, int]]) -> SplitUnit:
    name = min(photos[position].digest for position in members)
    order = hashlib.sha256(f"{seed} {name}".encode()).hexdigest()
    if len(members) == 1:  # nearly all are
        return SplitUnit((members[0],), order, single[photos[members[0]].label])
    labels = Counter(photos[position].label for position in members)
    return SplitUnit(tuple(members), order, dict(sorted(labels.items())))
