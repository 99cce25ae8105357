"""Join near copies into groups; a group that chains over much of a set is cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from headstart.features.near_copies import CopyPair

LARGE = 20  # photos up to which a group is never cut
LARGE_SHARE = 0.05  # of the photos of the set; likewise
CHAIN_RATIO = 2  # times the largest neighbourhood of one photo: a larger group is a chain
HUGE_SHARE = 0.25  # of the photos; a larger group is cut even if all its photos are copies of each other


@dataclass(frozen=True)
class NearCopies:
    """The near copies among the photos of a set.

    Attributes
    ----------
    pairs
        The pairs that were found, the strongest first.
    names
        Name of the group of each photo in a pair, by digest: the smallest digest of the group. A photo whose pairs were
        not joined is alone in its group.
    is_chained
        Whether a group was cut, so that near copies may be in two groups.
    lookalikes
        Pairs that look alike and are no copies, the strongest first; at most 1,000.
    """

    pairs: tuple[CopyPair, ...]
    names: dict[str, str]
    is_chained: bool = False
    lookalikes: tuple[CopyPair, ...] = ()

    @property
    def n_groups(self) -> int:
        """Number of groups of at least two photos."""
        return sum(n > 1 for n in Counter(self.names.values()).values())

    def list_across(self, splits: dict[str, str | None], split: str) -> dict[str, CopyPair]:
        """Return the photos of a split with a near copy in training, by digest, each with its strongest pair.

        For test photos, the validation photos count as training: the head is fitted to them in the end, or they chose
        the epoch.

        Parameters
        ----------
        splits
            Split of each photo, by digest.
        """
        across: dict[str, CopyPair] = {}
        learned = ("train", "validation") if split == "test" else ("train",)
        for pair in self.pairs:
            for one, other in ((pair.first, pair.second), (pair.second, pair.first)):
                if splits.get(one) == split and splits.get(other) in learned:
                    across.setdefault(one, pair)
        return across


def group_near_copies(
    pairs: Sequence[CopyPair], n_photos: int, given: Mapping[str, str | None] | None = None
) -> NearCopies:
    """Join the pairs among ``n_photos`` photos into groups.

    ``given`` are the groups that the user named, by digest. Two of them are never joined: a look-alike pair would
    otherwise put two patients or sites into one unit. The pair is still listed.

    In a series such as a video, each photo is a copy of the next, and one group holds them all. A group of more than 20
    photos and 5% of the set is cut if it is more than twice as large as the largest neighbourhood of one photo, or if
    it holds a quarter of the set: the strongest pairs are joined first, up to the size of a neighbourhood.
    """
    given = given or {}
    names = _join(pairs, {}, given)
    sizes = Counter(names.values())
    large = {name for name, size in sizes.items() if size > max(LARGE, LARGE_SHARE * n_photos)}
    if not large:
        return NearCopies(tuple(pairs), names)
    degrees: Counter[str] = Counter()
    for pair in pairs:
        degrees.update((pair.first, pair.second))
    limits: dict[str, int] = {}
    for name in large:
        near = 1 + max(degrees[digest] for digest, group in names.items() if group == name)
        if sizes[name] > CHAIN_RATIO * near or sizes[name] > HUGE_SHARE * n_photos:
            limits[name] = max(2, min(near, LARGE, sizes[name] // 2))
    if not limits:
        return NearCopies(tuple(pairs), names)
    by_photo = {digest: limits[name] for digest, name in names.items() if name in limits}
    return NearCopies(tuple(pairs), _join(pairs, by_photo, given), is_chained=True)


def _join(pairs: Iterable[CopyPair], limits: dict[str, int], given: Mapping[str, str | None]) -> dict[str, str]:
    """Return the name of the group of each photo in a pair.

    Two groups are joined only if that neither exceeds the ``limits`` of their photos nor joins two ``given`` groups.
    """
    parents: dict[str, str] = {}
    sizes: Counter[str] = Counter()
    owners = {digest: group for digest, group in given.items() if group is not None}

    def find(name: str) -> str:
        while parents.setdefault(name, name) != name:
            parents[name] = parents[parents[name]]
            name = parents[name]
        return name

    for pair in pairs:
        low, high = sorted((find(pair.first), find(pair.second)))
        size = (sizes[low] or 1) + (sizes[high] or 1)
        named = {owners[name] for name in (low, high) if name in owners}
        if low != high and size <= limits.get(pair.first, size) and len(named) < 2:
            parents[high], sizes[low] = low, size
            if named:
                owners[low] = named.pop()
    return {digest: find(digest) for digest in sorted(parents)}
