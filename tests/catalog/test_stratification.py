"""Units are divided by label, with every class in every split if it has enough units."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.catalog.split_units import SplitUnit
from headstart.catalog.stratification import divide_units

SHARES = {"train": 70, "validation": 15, "test": 15}


def make_units(*counts):
    start, units = 0, []
    for n, count in enumerate(counts):
        size = sum(count.values())
        units.append(SplitUnit(tuple(range(start, start + size)), f"{n:04}", count))
        start += size
    return units


def count_photos(divided, label):
    totals = Counter(dict.fromkeys(SHARES, 0))
    for unit, split in divided:
        totals[split] += unit.counts.get(label, 0)
    return dict(totals)


def test_single_photos_meet_the_shares_exactly():
    divided = divide_units(make_units(*[{"a": 1}] * 100), SHARES)
    assert count_photos(divided, "a") == {"train": 70, "validation": 15, "test": 15}


def test_equal_groups_are_close_to_the_shares():
    divided = divide_units(make_units(*[{"a": 10}] * 20), SHARES)
    assert count_photos(divided, "a") == {"train": 140, "validation": 30, "test": 30}


def test_a_huge_group_goes_to_train_and_single_photos_to_the_other_splits():
    divided = divide_units(make_units({"a": 1}, {"a": 100}, {"a": 1}), SHARES)
    assert count_photos(divided, "a") == {"train": 100, "validation": 1, "test": 1}


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_a_few_large_groups_still_reach_every_split(n):
    divided = divide_units(make_units(*[{"a": 30}] * n), SHARES)
    assert min(count_photos(divided, "a").values()) >= 30


@pytest.mark.parametrize("n", [1, 2])
def test_classes_with_fewer_units_than_splits_go_to_train(n):
    divided = divide_units(make_units(*[{"a": 30}] * n, *[{"b": 1}] * n), SHARES)
    assert count_photos(divided, "a") == {"train": 30 * n, "validation": 0, "test": 0}
    assert count_photos(divided, "b") == {"train": n, "validation": 0, "test": 0}


def test_groups_above_a_quota_leave_fewer_single_photos():
    divided = divide_units(make_units({"a": 9}, {"a": 1}, {"a": 1}), SHARES)
    assert count_photos(divided, "a") == {"train": 9, "validation": 1, "test": 1}


def test_the_last_single_photo_goes_to_a_split_without_the_class():
    divided = divide_units(make_units(*[{label: n} for label in "ab" for n in (20, 2, 1)]), SHARES)
    for label in "ab":
        assert sorted(count_photos(divided, label).values()) == [1, 2, 20]


def test_groups_of_two_classes_are_close_to_the_shares_of_both():
    divided = divide_units(make_units(*[{"a": 4, "b": 1}] * 20, *[{"b": 5}] * 20), SHARES)
    for label, size in (("a", 80), ("b", 120)):
        totals = count_photos(divided, label)
        for split, percent in SHARES.items():
            assert abs(totals[split] - size * percent / 100) <= size / 10  # greedy, not best


def draw_units(seed, *counts):
    """Units in the order of a seed, as `join_units` returns them."""
    named = [replace(unit, order=f"{hash((seed, n)):x}") for n, unit in enumerate(make_units(*counts))]
    return sorted(named, key=lambda unit: unit.order)


def list_tested(seed, *counts):
    return [unit.members for unit, split in divide_units(draw_units(seed, *counts), SHARES) if split == "test"]


def test_groups_of_different_sizes_are_drawn_at_random_and_close_to_the_shares():
    patients = [{"ab"[n % 2]: 6 + n % 9} for n in range(24)]
    draws = [list_tested(seed, *patients) for seed in range(60)]
    times = Counter(members for tested in draws for members in tested)
    assert len(times) == 24
    assert max(times.values()) < 30  # the largest first would test some of them in every draw
    shares = [sum(map(len, tested)) / sum(sum(patient.values()) for patient in patients) for tested in draws]
    assert (min(shares) > 0.08, max(shares) < 0.22) == (True, True)


def test_each_of_three_groups_can_be_the_test_set():
    cameras = [{"a": n, "b": 50} for n in (51, 50, 49)]
    assert len({tuple(list_tested(seed, *cameras)) for seed in range(20)}) == 3


@pytest.mark.parametrize(
    "units",
    [
        [*[{"a": 2}] * 20, *[{"a": 1}] * 80],
        [*[{"a": 3}] * 70, *[{"a": 1}] * 150],
        [*[{"a": 1, "b": 2}] * 20, *[{"a": 1}, {"b": 1}] * 40],
        [*[{"a": 1}, {"a": 2}, {"b": 3}, {"b": 4}] * 30],
        [*[{"a": 30}] * 6, *[{"a": 1}] * 300],
        [{label: size} for label in "ab" for size in range(2, 7) for _ in range(20)],
        [{f"class {n}": size} for n in range(10) for size in (2, *[1] * 18)],
    ],
    ids=["pairs", "trios", "two classes", "patients", "large", "sizes", "a pair in each class"],
)
def test_units_of_each_size_are_tested_as_often_as_the_shares_say(units):
    """The largest first would put each pair and each trio into the training set."""
    tested, drawn = Counter(), Counter()
    for seed in range(150):
        for unit, split in divide_units(draw_units(seed, *units), SHARES):
            drawn[len(unit.members)] += 1
            tested[len(unit.members)] += split == "test"
    for size, n in drawn.items():
        assert tested[size] / n == pytest.approx(0.15, abs=0.04)


def test_a_series_larger_than_the_test_set_is_not_the_test_set():
    for seed in range(40):
        divided = divide_units(draw_units(seed, {"a": 60}, *[{"a": 1}] * 300), SHARES)
        assert [split for unit, split in divided if len(unit.members) == 60] == ["train"]


counts = st.dictionaries(st.sampled_from("abc"), st.integers(1, 12), min_size=1, max_size=3)


@settings(deadline=None)
@given(st.lists(counts, max_size=40), st.sampled_from([SHARES, {"train": 80, "test": 20}, {"train": 100}]))
def test_every_unit_is_in_one_split(all_counts, shares):
    units = make_units(*all_counts)
    divided = divide_units(units, shares)
    assert sorted(unit.order for unit, _ in divided) == [unit.order for unit in units]
    assert {split for _, split in divided} <= set(shares)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 12)), max_size=40))
def test_groups_of_one_class_reach_every_split(pairs):
    units = make_units(*[{label: n} for label, n in pairs])
    divided = divide_units(units, SHARES)
    for label, n_units in Counter(label for label, _ in pairs).items():
        reached = {split for unit, split in divided if label in unit.counts}
        assert reached == (set(SHARES) if n_units >= 3 else {"train"})
