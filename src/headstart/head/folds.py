"""Folds for cross-validation: stratified, seeded, and a group is never cut in two."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.errors import FitError


def make_folds(
    y: npt.NDArray[Any], *, n_folds: int, seed: int, groups: npt.NDArray[Any] | None = None
) -> npt.NDArray[np.int64]:
    """Deal N rows into folds, each with its share of every class.

    Parameters
    ----------
    y
        (N,) class numbers from 0.
    n_folds
        At least 2. With fewer rows or groups than folds, some folds have no rows.
    groups
        (N,) anything sortable; rows of one group are dealt to the same fold. None: every row is a group of its own.

    Returns
    -------
    (N,) int64, the fold of each row, 0 to ``n_folds`` - 1. Without groups no two folds differ by more than one row of
    a class. A class with fewer rows than folds is missing from some folds, and so held out by the others.

    Raises
    ------
    FitError
        If ``n_folds`` is below 2, or the groups are not one a row.

    Notes
    -----
    Rows without groups are shuffled and dealt out in turn, class after class. Of groups the largest goes first, each to
    the fold with fewest rows of the group's main class, then with fewest rows: the longest-processing-time rule of
    Graham 1969. Takes some microseconds a group.

    Examples
    --------
    >>> folds = make_folds(np.array([0] * 6 + [1] * 4), n_folds=2, seed=0)
    >>> [np.bincount(folds[:6]).tolist(), np.bincount(folds[6:]).tolist()]
    [[3, 3], [2, 2]]
    """
    if n_folds < 2:
        raise FitError(f"Cannot make folds: got n_folds {n_folds}, need at least 2. Use 5.")
    if groups is not None and len(groups) != len(y):
        raise FitError(
            f"Cannot make folds: got {len(groups)} groups for {len(y)} rows, need one a row. "
            "Give a row that belongs to no group a group of its own."
        )
    if groups is None:
        return _deal_rows(y, n_folds, np.random.default_rng(seed))
    group_of_row = np.unique(groups, return_inverse=True)[1].reshape(-1)
    dealt = _deal_groups(_count_pairs(group_of_row, y), n_folds, np.random.default_rng(seed))
    return np.array(dealt, np.int64)[group_of_row]


def _deal_rows(y: npt.NDArray[Any], n_folds: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return the fold of each row: shuffled, class after class, and dealt out in turn."""
    shuffled = random.permutation(len(y))
    folds = np.empty(len(y), np.int64)
    folds[shuffled[np.argsort(y[shuffled], kind="stable")]] = np.arange(len(y)) % n_folds
    return folds


def _count_pairs(group_of_row: npt.NDArray[np.int64], y: npt.NDArray[Any]) -> list[list[tuple[int, int]]]:
    """Return, for every group, its (class, number of rows), most frequent class first."""
    # sparse on purpose: a table of groups x classes would hold 50,000 x 1,000 numbers, nearly all 0
    n_classes = int(y.max(initial=0)) + 1
    pairs, counts = np.unique(group_of_row * n_classes + y, return_counts=True)
    contents: list[list[tuple[int, int]]] = [[] for _ in range(int(group_of_row.max(initial=-1)) + 1)]
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        contents[pair // n_classes].append((pair % n_classes, count))
    for content in contents:
        content.sort(key=lambda entry: -entry[1])
    return contents


def _deal_groups(contents: list[list[tuple[int, int]]], n_folds: int, random: np.random.Generator) -> list[int]:
    """Return the fold of each group."""
    sizes = [sum(count for _, count in content) for content in contents]
    shuffled = random.permutation(len(contents)).tolist()
    in_fold: dict[int, list[int]] = {}  # by class: the rows of it in each fold
    total = [0] * n_folds
    dealt = [0] * len(contents)
    for group in sorted(shuffled, key=lambda group: -sizes[group]):  # a stable sort: ties stay shuffled
        main = in_fold.setdefault(contents[group][0][0], [0] * n_folds)
        fold = min(range(n_folds), key=lambda fold: (main[fold], total[fold]))
        for label, count in contents[group]:
            in_fold.setdefault(label, [0] * n_folds)[fold] += count
        total[fold] += sizes[group]
        dealt[group] = fold
    return dealt
