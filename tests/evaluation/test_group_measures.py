"""The accuracy on each group of photos, the lowest first."""

import numpy as np
import pytest

from headstart.evaluation.group_measures import MAX_GROUPS, MIN_PHOTOS, measure_groups


def test_each_group_has_its_accuracy_and_interval_and_the_lowest_is_first():
    groups = ["a"] * 20 + ["b"] * 20 + [None] * 20
    rows = measure_groups(groups, np.array([True] * 18 + [False] * 2 + [True] * 10 + [False] * 30))
    assert [(row["group"], row["n"], row["accuracy"]) for row in rows] == [("b", 20, 0.5), ("a", 20, 0.9)]
    assert rows[0]["accuracy_ci95"] == pytest.approx([0.2993, 0.7007], abs=1e-4)


def test_small_groups_have_no_accuracy_and_only_the_lowest_of_many_are_listed():
    assert measure_groups(["a"] * (MIN_PHOTOS - 1), np.ones(MIN_PHOTOS - 1, bool)) == []
    groups = [f"{n:03}" for n in range(MAX_GROUPS + 5) for _ in range(MIN_PHOTOS)]
    assert len(measure_groups(groups, np.ones(len(groups), bool))) == MAX_GROUPS
