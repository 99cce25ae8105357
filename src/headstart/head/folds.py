"""Assign rows to the folds of a cross-validation: stratified, seeded, and each group in one fold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.errors import FitError


def make_folds(
    y: npt.NDArray[Any], *, n_folds: int, seed: int, groups: npt.NDArray[Any] | None = None
) -> npt.NDArray[np.int64]:
    """Assign N rows to folds, each with its share of every class.

    Parameters
    ----------
    y
        (N,) class numbers from 0.
    n_folds
        Number of folds, at least 2. If there are fewer rows or groups, some folds are empty.
    groups
        (N,) sortable values; rows of one group are in the same fold. Default: every row is a group of its own.

    Returns
    -------
    (N,) int64, the fold of each row, 0 to ``n_folds`` - 1. Without groups, the rows of a class differ by at most one
    from fold to fold. A class with fewer rows than folds is missing from some folds.

    Raises
    ------
    FitError
        If ``n_folds`` is below 2, or the number of groups is not N.

    Notes
    -----
    The folds depend on the order of the rows and not on the names of classes and groups. Callers sort the rows by
    digest, so that renamed photos are in the same folds.

    Rows without groups are shuffled and assigned in turn, class after class. Groups are assigned from the largest to
    the smallest, each to the fold with the fewest rows of the group's main class, and of these to the one with the
    fewest rows: the longest-processing-time rule of Graham 1969. Takes a few microseconds a group.

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
            "Give a row without a group a group of its own."
        )
    y = _number_by_appearance(y)
    if groups is None:
        return _assign_rows(y, n_folds, np.random.default_rng(seed))
    group_of_row = _number_by_appearance(groups)
    fold_of_group = _assign_groups(_count_pairs(group_of_row, y), n_folds, np.random.default_rng(seed))
    return np.array(fold_of_group, np.int64)[group_of_row]


def _number_by_appearance(y: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return (N,) numbers of classes or groups in the order of their first rows, so that their names do not matter."""
    _, firsts, numbers = np.unique(y, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(firsts))[numbers.reshape(-1)]


def _assign_rows(y: npt.NDArray[Any], n_folds: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return the fold of each row: rows are shuffled, and assigned in turn, class after class."""
    shuffled = random.permutation(len(y))
    folds = np.empty(len(y), np.int64)
    folds[shuffled[np.argsort(y[shuffled], kind="stable")]] = np.arange(len(y)) % n_folds
    return folds


def _count_pairs(group_of_row: npt.NDArray[np.int64], y: npt.NDArray[Any]) -> list[list[tuple[int, int]]]:
    """Return the (class, number of rows) pairs of every group, the most frequent class first."""
    # pairs, because a table of groups x classes could have 50,000 x 1,000 numbers, nearly all 0
    n_classes = int(y.max(initial=0)) + 1
    pairs, counts = np.unique(group_of_row * n_classes + y, return_counts=True)
    contents: list[list[tuple[int, int]]] = [[] for _ in range(int(group_of_row.max(initial=-1)) + 1)]
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        contents[pair // n_classes].append((pair % n_classes, count))
    for content in contents:
        content.sort(key=lambda entry: -entry[1])
    return contents


def _assign_groups(contents: list[list[tuple[int, int]]], n_folds: int, random: np.random.Generator) -> list[int]:
    """Return the fold of each group."""
    sizes = [sum(count for _, count in content) for content in contents]
    shuffled = random.permutation(len(contents)).tolist()
    n_in_fold: dict[int, list[int]] = {}  # by class: its rows in each fold
    n_rows = [0] * n_folds
    folds = [0] * len(contents)
    for group in sorted(shuffled, key=lambda group: -sizes[group]):  # a stable sort: ties stay shuffled
        main = n_in_fold.setdefault(contents[group][0][0], [0] * n_folds)
        fold = min(range(n_folds), key=lambda fold: (main[fold], n_rows[fold]))
        for label, count in contents[group]:
            n_in_fold.setdefault(label, [0] * n_folds)[fold] += count
        n_rows[fold] += sizes[group]
        folds[group] = fold
    return folds
