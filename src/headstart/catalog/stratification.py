"""Units of photos are dealt out to splits: stratified by label, every class in every split where that is possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from headstart.catalog.split_sizes import count_quotas
from headstart.catalog.split_units import SplitUnit


def divide_units(units: Sequence[SplitUnit], shares: Mapping[str, int]) -> list[tuple[SplitUnit, str]]:
    """Divide shuffled units by the shares, each class for itself.

    Units of several photos come first, the largest first, each to where its labels are missed most (greedy: the
    best division is a knapsack problem). Single photos then fill up what is missing, exactly where they suffice.

    Parameters
    ----------
    units
        In the order that the seed gave them.
    shares
        Percent by split; classes with fewer units than there are splits go to the first split.
    """
    ledger = _Ledger(units, shares)
    divided = []
    singles: dict[str, list[SplitUnit]] = {}
    for unit in sorted(units, key=lambda unit: -len(unit.members)):
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


class _Ledger:
    """What each class still misses in each split while units are dealt out."""

    def __init__(self, units: Sequence[SplitUnit], shares: Mapping[str, int]) -> None:
        self.splits = tuple(shares)
        self.sizes: Counter[str] = Counter()
        self.n_units: Counter[str] = Counter()  # not yet dealt out
        for unit in units:
            for label, n in unit.counts.items():
                self.sizes[label] += n
                self.n_units[label] += 1
        self.tiny = {label for label, n in self.n_units.items() if n < len(shares)}
        self.missing = count_quotas(self.sizes, shares, self.tiny)
        self.empty = {label: set(shares) for label in self.sizes}

    def choose_split(self, unit: SplitUnit) -> str:
        if not self.tiny.isdisjoint(unit.counts):
            return self.splits[0]  # a class must be learned before it can be judged
        choices = set(self.splits)
        for label in unit.counts:
            if self.n_units[label] <= len(self.empty[label]):
                choices = choices & self.empty[label] or choices  # the last chances to have the class in every split

        # the split that lowers most the sum over classes of squared misses, each relative to the size of the class;
        # counting how far a split is behind its share so far was tried: with large groups it was off twice as far
        def gain(split: str) -> float:
            return sum(n * self.missing[label][split] / self.sizes[label] for label, n in unit.counts.items())

        return max((split for split in self.splits if split in choices), key=gain)

    def enter(self, unit: SplitUnit, split: str) -> None:
        for label, n in unit.counts.items():
            self.missing[label][split] -= n
            self.n_units[label] -= 1
            self.empty[label].discard(split)

    def count_singles(self, label: str, n: int) -> dict[str, int]:
        """Divide ``n`` single photos by what is missing: a little less where larger units have overshot elsewhere."""
        filled = {split: max(count, 0) for split, count in self.missing[label].items()}
        for _ in range(sum(filled.values()) - n):
            # a split that has no photo of the class yet keeps its one
            able = [split for split in self.splits if filled[split] > 0]
            filled[max(able, key=lambda split: filled[split] - (split in self.empty[label]))] -= 1
        return filled
