"""The number of photos of each class for each split, by largest remainder."""

from __future__ import annotations

from collections.abc import Container, Mapping


def count_quotas(
    sizes: Mapping[str, int], shares: Mapping[str, int], tiny: Container[str] = ()
) -> dict[str, dict[str, int]]:
    """Divide each class by the shares. The numbers of each class, and their sums, stay close to the shares.

    Each class gets its shares rounded down. The remaining photos go to the splits that are furthest behind, over all
    classes so far: by the remainders of one class alone, a hundred classes of ten photos would all round the same way.
    A class with at least as many photos as splits has one in each. All numbers are integers, so every machine
    computes the same. All photos of the labels in ``tiny`` go to the first split.

    Examples
    --------
    >>> count_quotas({"cats": 10, "dogs": 10}, {"train": 70, "validation": 15, "test": 15})
    {'cats': {'train': 7, 'validation': 2, 'test': 1}, 'dogs': {'train': 7, 'validation': 1, 'test': 2}}
    """
    behind = dict.fromkeys(shares, 0)  # in hundredths of a photo
    quotas = {}
    for label in sorted(sizes):
        if label in tiny:
            quota = dict.fromkeys(shares, 0) | {next(iter(shares)): sizes[label]}
        else:
            quota = _divide(sizes[label], shares, behind)
        for split, percent in shares.items():
            behind[split] += sizes[label] * percent - 100 * quota[split]
        quotas[label] = quota
    return quotas


def _divide(size: int, shares: Mapping[str, int], behind: Mapping[str, int]) -> dict[str, int]:
    quota = {split: size * percent // 100 for split, percent in shares.items()}
    remainder = {split: size * percent % 100 for split, percent in shares.items()}
    unfilled = [split for split in shares if remainder[split]]
    behind_most = sorted(unfilled, key=lambda split: behind[split] + remainder[split], reverse=True)
    for split in behind_most[: size - sum(quota.values())]:
        quota[split] += 1
    for split in shares:
        if quota[split] == 0 and size >= len(shares):
            quota[max(shares, key=lambda other: quota[other])] -= 1
            quota[split] = 1
    return quota
