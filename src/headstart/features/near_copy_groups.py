"""Join near copies into groups."""

from __future__ import annotations

from collections.abc import Iterable

from headstart.features.near_copies import CopyPair


def name_groups(pairs: Iterable[CopyPair]) -> dict[str, str]:
    """Return the name of the group of each photo in a pair, by digest: the smallest digest of the group."""
    parents: dict[str, str] = {}

    def find(name: str) -> str:
        while parents.setdefault(name, name) != name:
            parents[name] = parents[parents[name]]
            name = parents[name]
        return name

    for pair in pairs:
        low, high = sorted((find(pair.first), find(pair.second)))
        parents[high] = low
    return {digest: find(digest) for digest in sorted(parents)}
