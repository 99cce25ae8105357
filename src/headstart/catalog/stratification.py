"""Divide split units among the splits, stratified by label, with every class in every split if possible."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence

from headstart.catalog.split_sizes import count_quotas
from headstart.catalog.split_units import SplitUnit

LARGE, LARGE_SHARE = 5, 0.02  # photos of a unit, and share of all: with such units, the largest first is no random draw
N_DRAWS = 20  # orders to try
MISS, MORE = 0.03, 1.5  # limit of the mean error of a share; and as a multiple of the error with the largest first


def divide_units(units: Sequence[SplitUnit], shares: Mapping[str, int]) -> list[tuple[SplitUnit, str]]:
    """Divide shuffled units by the shares, class by class.

    Units of several photos come first, the largest first. Each goes to the split that misses most of its labels: the
    exact solution is a knapsack problem, this one is greedy. Single photos then fill up the quotas. A class with fewer
    units than splits goes to the first split.

    With a few large units, such as patients, the largest first would put nearly the same ones into the test set for
    every seed. These are divided in a random order that comes close to the shares, too.
    """
    quotas = _Ledger(units, shares).missing
    best = _divide_in_order(sorted(units, key=lambda unit: -len(unit.members)), shares)
    n_largest = max((len(unit.members) for unit in units), default=0)
    if n_largest < max(LARGE, LARGE_SHARE * sum(len(unit.members) for unit in units)):
        return best
    limit, n_reached = max(MISS, MORE * _measure_miss(best, quotas)), _count_reached(best)
    for number in range(N_DRAWS):
        drawn = _divide_in_order(sorted(units, key=lambda unit: _shuffle(number, unit)), shares)
        if _count_reached(drawn) >= n_reached and _measure_miss(drawn, quotas) <= limit:
            return drawn
    return best


def _divide_in_order(units: Sequence[SplitUnit], shares: Mapping[str, int]) -> list[tuple[SplitUnit, str]]:
    ledger = _Ledger(units, shares)
    divided = []
    singles: dict[str, list[SplitUnit]] = {}
    for unit in units:
        if len(unit.members) == 1:
            singles.setdefault(next(iter(unit.counts)), []).append(unit)
        else:
            split = ledger.choose_split(unit)
            ledger.enter(unit, split)
            divided.append((unit, split))
    for label, ones in singles.items():
        rest = iter(ones)
        for split, n in ledger.count_singles(label, len(ones)).items():
            divided += [(next(rest), split) for _ in range(n)]
    return divided


def _shuffle(number: int, unit: SplitUnit) -> str:
    return hashlib.sha256(f"{number} {unit.order}".encode()).hexdigest()


def _measure_miss(divided: Sequence[tuple[SplitUnit, str]], quotas: Mapping[str, Mapping[str, int]]) -> float:
    """Return by how much the shares of the classes miss their quotas: the root mean square, weighted by class size."""
    counts = {label: Counter(dict.fromkeys(quota, 0)) for label, quota in quotas.items()}
    for unit, split in divided:
        for label, n in unit.counts.items():
            counts[label][split] += n
    sizes = {label: sum(quota.values()) for label, quota in quotas.items()}
    squares = sum((counts[x][split] - n) ** 2 / sizes[x] for x, quota in quotas.items() for split, n in quota.items())
    return math.sqrt(squares / sum(len(quotas[label]) * n for label, n in sizes.items()))


def _count_reached(divided: Sequence[tuple[SplitUnit, str]]) -> int:
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
        self.missing = count_quotas(self.sizes, shares, self.tiny)
        self.empty = {label: set(shares) for label in self.sizes}

    def choose_split(self, unit: SplitUnit) -> str:
        if not self.tiny.isdisjoint(unit.counts):
            return self.splits[0]  # a class without training photos cannot be evaluated
        choices = set(self.splits)
        for label in unit.counts:
            if self.n_units[label] <= len(self.empty[label]):
                # few units of the class are left: one for each split without it
                choices = choices & self.empty[label] or choices

        # The chosen split lowers most the sum over classes of squared misses, relative to the class size. Choosing the
        # split furthest behind its share was tried: with large groups its error was twice as large.
        def gain(split: str) -> float:
            return sum(n * self.missing[label][split] / self.sizes[label] for label, n in unit.counts.items())

        return max((split for split in self.splits if split in choices), key=gain)

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
