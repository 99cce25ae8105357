"""Folds are stratified, keep groups together and depend on the seed alone."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.errors import FitError
from headstart.head.folds import make_folds


def count(folds: np.ndarray, y: np.ndarray, n_folds: int) -> np.ndarray:
    """Return the rows by fold and class."""
    table = np.zeros((n_folds, y.max() + 1), int)
    np.add.at(table, (folds, y), 1)
    return table


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.integers(2, 7), st.integers(0, 5))
def test_a_class_differs_by_at_most_one_row_from_fold_to_fold(labels, n_folds, seed):
    y = np.array(labels)
    folds = make_folds(y, n_folds=n_folds, seed=seed)
    assert folds.shape == y.shape
    assert folds.dtype == np.int64
    assert np.ptp(count(folds, y, n_folds), axis=0).max() <= 1


def test_folds_have_equal_sizes_even_if_classes_do_not_divide():
    y = np.repeat(np.arange(10), 7)
    assert np.ptp(np.bincount(make_folds(y, n_folds=5, seed=0))) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=1, max_size=60), st.integers(2, 5))
def test_a_group_is_in_one_fold(rows, n_folds):
    groups, y = np.array(rows).T
    folds = make_folds(y, n_folds=n_folds, seed=0, groups=groups)
    assert all(len(set(folds[groups == group])) == 1 for group in set(groups))


def test_views_of_photos_are_as_stratified_as_photos():
    y = np.tile(np.repeat([0, 1], [40, 10]), 3)
    names = np.tile([f"photo {n}" for n in range(50)], 3)
    table = count(make_folds(y, n_folds=5, seed=1, groups=names), y, 5)
    np.testing.assert_array_equal(table, [[24, 6]] * 5)


def test_small_groups_balance_large_ones():
    groups = np.repeat(np.arange(12), [30, 20, 10, *[4] * 9])
    sizes = np.bincount(make_folds(np.zeros(96, int), n_folds=3, seed=0, groups=groups))
    assert sizes.tolist() == [32, 32, 32] or np.ptp(sizes) <= 4


def test_a_rare_class_is_in_as_many_folds_as_it_has_rows():
    y = np.array([0] * 20 + [1] * 2)
    folds = make_folds(y, n_folds=5, seed=0)
    assert len(set(folds[y == 1])) == 2


def test_folds_depend_on_the_seed():
    y = np.repeat([0, 1], 50)
    first, again, other = (make_folds(y, n_folds=5, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_folds": 1}, "Cannot make folds: got n_folds 1, need at least 2"),
        ({"n_folds": 2, "groups": np.array(["a"])}, "Cannot make folds: got 1 groups for 3 rows, need one a row"),
    ],
)
def test_wrong_folds_and_groups_are_refused(options, message):
    with pytest.raises(FitError, match=message):
        make_folds(np.array([0, 1, 1]), seed=0, **options)


def test_folds_do_not_depend_on_the_names_of_classes_and_groups():
    random = np.random.default_rng(0)
    y, groups = random.integers(0, 3, 60), random.integers(0, 25, 60)
    plain, grouped = make_folds(y, n_folds=5, seed=1), make_folds(y, n_folds=5, seed=1, groups=groups)
    for renamed in permutations(range(3)):
        np.testing.assert_array_equal(make_folds(np.array(renamed)[y], n_folds=5, seed=1), plain)
        names = np.array([f"{(n * 7) % 25} of {n}" for n in range(25)])[groups]
        np.testing.assert_array_equal(make_folds(np.array(renamed)[y], n_folds=5, seed=1, groups=names), grouped)
