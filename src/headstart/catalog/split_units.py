"""Photos that must stay on one side of a split: those of a group, and those whose bytes are identical."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from headstart.catalog.photo import Photo


@dataclass(frozen=True, slots=True)
class SplitUnit:
    """Photos that stay together.

    Attributes
    ----------
    members
        Their positions in the list that was joined.
    order
        A number in hex that only the bytes of the photos and the seed decide: sorting by it shuffles.
    counts
        Members by label, in the order of the labels.
    """

    members: tuple[int, ...]
    order: str
    counts: dict[str, int]


def join_units(photos: Sequence[Photo], seed: int) -> list[SplitUnit]:
    """Join photos with the same digest or the same group, directly or through others, into units.

    Units come out sorted by ``order``: neither paths nor the order of ``photos`` matter.
    """
    if not any(photo.group is not None for photo in photos):
        return _sort_units(photos, [photo.digest for photo in photos], seed)
    parents: dict[str, str] = {}

    def find(name: str) -> str:
        while parents.setdefault(name, name) != name:
            parents[name] = parents[parents[name]]  # union-find with path halving (Tarjan and van Leeuwen 1984)
            name = parents[name]
        return name

    for photo in photos:
        if photo.group is not None:
            parents[find(f"digest {photo.digest}")] = find(f"group {photo.group}")
    return _sort_units(photos, [find(f"digest {photo.digest}") for photo in photos], seed)


def _sort_units(photos: Sequence[Photo], names: Sequence[str], seed: int) -> list[SplitUnit]:
    """Return the units of photos with equal names."""
    together: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        together.setdefault(name, []).append(position)
    single = {
        label: {label: 1} for label in {photo.label for photo in photos}
    }  # shared: a dict each would be half of it all
    units = [_make_unit(photos, members, seed, single) for members in together.values()]
    return sorted(units, key=lambda unit: unit.order)


def _make_unit(photos: Sequence[Photo], members: list[int], seed: int, single: dict[str, dict[str, int]]) -> SplitUnit:
    name = min(photos[position].digest for position in members)
    order = hashlib.sha256(f"{seed} {name}".encode()).hexdigest()
    if len(members) == 1:  # nearly all are
        return SplitUnit((members[0],), order, single[photos[members[0]].label])
    labels = Counter(photos[position].label for position in members)
    return SplitUnit(tuple(members), order, dict(sorted(labels.items())))
