"""Divide split units among the splits, stratified by label, with every class in every split if possible."""

from __future__ import annotations

import hashlib
import math
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import accumulate

from headstart.catalog.split_sizes import count_quotas
from headstart.catalog.split_units import SplitUnit

N_DRAWS = 20  # random orders to try
MISS, MORE = 0.03, 1.5  # limit of the mean error of a share; and as a multiple of the error with the largest first
MAY_EXCEED = 3  # photos of a unit that may be more than the quota of its class
SCALE = 10**6  # of chances: integers, so that every machine computes the same

Divided = list[tuple[SplitUnit, str]]
Choice = Callable[["_Ledger", SplitUnit], str]


def divide_units(units: Sequence[SplitUnit], shares: Mapping[str, int]) -> Divided:
    """Divide shuffled units by the shares, class by class.

    Each unit of several photos goes to a split at random. The chance of a split is its part of the photos that are
    still missing. So large and small units, and single photos, are in the test set about as often as its share says.
    Single photos then fill up the quotas. A class with fewer units than splits goes to the first split.

    With many classes of a few photos, or a few large units, such draws may miss the shares by far. Then each unit goes,
    in a random order, to the split that misses most of its labels; if that does not help, the largest unit is first.
    """
    singles = [unit for unit in units if len(unit.members) == 1]
    several = sorted((unit for unit in units if len(unit.members) > 1), key=lambda unit: -len(unit.members))
    best = _divide(several, singles, shares, _Ledger.choose_split)
    if not several:
        return best
    quotas = _Ledger(units, shares).quotas
    limit, n_reached = max(MISS, MORE * _measure_miss(best, quotas)), _count_reached(best)
    for is_drawn in (True, False):
        for number in range(N_DRAWS):
            choose = partial(_Ledger.draw_split, number=number) if is_drawn else _Ledger.choose_split
            order = sorted(several, key=lambda unit: _shuffle(number, unit))
            drawn = _divide(order, singles, shares, choose)
            if _count_reached(drawn) >= n_reached and _measure_miss(drawn, quotas) <= limit:
                return drawn
    return best


def _divide(
    several: Sequence[SplitUnit], singles: Sequence[SplitUnit], shares: Mapping[str, int], choose: Choice
) -> Divided:
    """Divide the units of several photos in their order, then single photos by what is missing."""
    ledger = _Ledger([*several, *singles], shares)
    divided = []
    for unit in several:
        split = choose(ledger, unit)
        ledger.enter(unit, split)
        divided.append((unit, split))
    by_label: dict[str, list[SplitUnit]] = {}
    for unit in singles:
        by_label.setdefault(next(iter(unit.counts)), []).append(unit)
    for label, ones in by_label.items():
        rest = iter(ones)
        for split, n in ledger.count_singles(label, len(ones)).items():
            divided += [(next(rest), split) for _ in range(n)]
    return divided


def _shuffle(number: int, unit: SplitUnit) -> int:
    """Return a random number of 256 bits that the seed, the unit and the try decide."""
    return int(hashlib.sha256(f"{number} {unit.order}".encode()).hexdigest(), 16)


def _measure_miss(divided: Divided, quotas: Mapping[str, Mapping[str, int]]) -> float:
    """Return by how much the shares of the classes miss their quotas: the root mean square, weighted by class size."""
    counts = {label: Counter(dict.fromkeys(quota, 0)) for label, quota in quotas.items()}
    for unit, split in divided:
        for label, n in unit.counts.items():
            counts[label][split] += n
    sizes = {label: sum(quota.values()) for label, quota in quotas.items()}
    squares = sum((counts[x][split] - n) ** 2 / sizes[x] for x, quota in quotas.items() for split, n in quota.items())
    return math.sqrt(squares / sum(len(quotas[label]) * n for label, n in sizes.items()))


def _count_reached(divided: Divided) -> int:
    """Count the pairs of a class and a split that has a photo of it."""
    return len({(label, split) for unit, split in divided for label in unit.counts})


class _Ledger:
    """Number of photos of each class that each split still misses."""

    def __init__(self, units: Sequence[SplitUnit], shares: Mapping[str, int]) -> None:
        self.splits = tuple(shares)
        self.sizes: Counter[str] = Counter()
        self.n_units: Counter[str] = Counter()  # units that are not divided yet
        for unit in units:
            for label, n in unit.counts.items():
                self.sizes[label] += n
                self.n_units[label] += 1
        self.tiny = {label for label, n in self.n_units.items() if n < len(shares)}
        self.quotas = count_quotas(self.sizes, shares, self.tiny)
        self.missing = {label: dict(quota) for label, quota in self.quotas.items()}
        self.empty = {label: set(shares) for label in self.sizes}

    def draw_split(self, unit: SplitUnit, number: int) -> str:
        """Return a split by chance, in proportion to what the splits still miss.

        A unit may be larger than what a split still misses: otherwise large ones would hardly ever leave the first
        split. It may not be larger than the whole quota, save for a pair or a trio: a series is no test set.
        """
        room = [
            split for split in self._list_choices(unit)
            if all(
                self.missing[label][split] > 0 and n <= max(self.quotas[label][split], MAY_EXCEED)
                for label, n in unit.counts.items()
            )
        ]  # fmt: skip
        if not room:
            return self.choose_split(unit)
        left = {label: sum(self.missing[label][split] for split in room) for label in unit.counts}
        chances = [
            sum(n * self.missing[label][split] * SCALE // left[label] for label, n in unit.counts.items())
            for split in room
        ]  # fmt: skip
        at = _shuffle(number, unit) % sum(chances)
        return room[bisect(list(accumulate(chances)), at)]

    def choose_split(self, unit: SplitUnit) -> str:
        """Return the split that lowers most the sum over classes of squared misses, relative to the class size.

        Choosing the split furthest behind its share was tried: with large groups its error was twice as large.
        """

        def gain(split: str) -> float:
            return sum(n * self.missing[label][split] / self.sizes[label] for label, n in unit.counts.items())

        return max(self._list_choices(unit), key=gain)

    def _list_choices(self, unit: SplitUnit) -> list[str]:
        if not self.tiny.isdisjoint(unit.counts):
            return [self.splits[0]]  # a class without training photos cannot be evaluated
        choices = set(self.splits)
        for label in unit.counts:
            if self.n_units[label] <= len(self.empty[label]):
                # few units of the class are left: one for each split without it
                choices = choices & self.empty[label] or choices
        return [split for split in self.splits if split in choices]

    def enter(self, unit: SplitUnit, split: str) -> None:
        for label, n in unit.counts.items():
            self.missing[label][split] -= n
            self.n_units[label] -= 1
            self.empty[label].discard(split)

    def count_singles(self, label: str, n: int) -> dict[str, int]:
        """Divide ``n`` single photos by the missing numbers, less what larger units exceeded in other splits."""
        filled = {split: max(count, 0) for split, count in self.missing[label].items()}
        for _ in range(sum(filled.values()) - n):
            # a split without a photo of the class keeps its last one
            able = [split for split in self.splits if filled[split] > 0]
            filled[max(able, key=lambda split: filled[split] - (split in self.empty[label]))] -= 1
        return filled
