"""A threshold finds what it promises on new photos, on average and within its interval."""

import math

import numpy as np
import pytest

from headstart.errors import EvaluationError
from headstart.evaluation.thresholds import choose_threshold

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize(("n", "find"), [(30, 0.9), (49, 0.98), (200, 0.98), (1000, 0.995), (7, 0.5)])
def test_the_promised_share_of_new_photos_is_found_on_average_and_the_interval_holds(n, find):
    # uniform probabilities: a threshold t finds the share 1 - t
    found = [choose_threshold(GENERATOR.random(n), find) for _ in range(2000)]
    shares = np.array([1 - threshold.value for threshold in found])
    assert found[0].recall >= find - 1e-12
    assert shares.mean() == pytest.approx(found[0].recall, abs=4 * shares.std() / math.sqrt(2000))
    low, high = found[0].recall_ci95
    assert np.mean((low <= shares) & (shares <= high)) == pytest.approx(0.95, abs=0.025)


def test_the_threshold_is_the_highest_that_keeps_the_promise():
    ranks = np.arange(1, 100) / 100  # the r-th smallest promises 1 - r / 100
    assert choose_threshold(ranks, 0.9).value == 0.1
    assert choose_threshold(ranks, 0.905).value == 0.09
    assert choose_threshold(ranks[::-1], 0.9).value == 0.1


@pytest.mark.parametrize(("find", "n_needed"), [(0.98, 49), (0.9, 9), (0.999, 999), (2 / 3, 2)])
def test_too_few_photos_promise_less_and_say_how_many_are_needed(find, n_needed):
    assert choose_threshold(GENERATOR.random(n_needed), find).n_needed is None
    few = choose_threshold(np.linspace(0.3, 0.9, n_needed - 1), find)
    assert few.n_needed == n_needed
    assert (few.value, few.recall) == (0.3, pytest.approx(1 - 1 / n_needed))
    assert few.recall < find


def test_one_photo_is_enough_for_a_threshold():
    one = choose_threshold(np.array([0.4]), 0.98)
    assert (one.value, one.recall) == (0.4, 0.5)
    assert one.recall_ci95 == pytest.approx((0.025, 0.975))


@pytest.mark.parametrize(("n", "find"), [(0, 0.9), (5, 1.0), (5, 0.0), (5, math.nan)])
def test_no_photos_and_impossible_shares_are_refused(n, find):
    with pytest.raises(EvaluationError, match=f"got {n} photos of the class and the share {find}"):
        choose_threshold(np.zeros(n), find)


def test_groups_widen_the_interval_and_keep_the_threshold():
    rows = GENERATOR.random(100)
    plain, grouped = choose_threshold(rows, 0.9), choose_threshold(rows, 0.9, [str(n // 10) for n in range(100)])
    assert (grouped.value, grouped.recall) == (plain.value, plain.recall)
    assert grouped.recall_ci95[1] - grouped.recall_ci95[0] > plain.recall_ci95[1] - plain.recall_ci95[0]
    assert choose_threshold(rows, 0.9, list(map(str, range(100)))) == plain


@pytest.mark.parametrize(
    ("n_groups", "find", "n_needed"), [(2, 0.98, 49), (48, 0.98, 49), (49, 0.98, None), (19, 0.9, 20), (20, 0.9, None)]
)
def test_with_groups_a_promise_needs_enough_groups(n_groups, find, n_needed):
    found = choose_threshold(GENERATOR.random(120), find, [str(n % n_groups) for n in range(120)])
    assert (found.n_groups, found.n_needed) == (n_groups, n_needed)
    assert found.recall >= find


def test_photos_that_are_nearly_all_alone_count_as_independent():
    groups = [str(max(n, 4)) for n in range(60)]  # five photos of one group
    found = choose_threshold(GENERATOR.random(60), 0.98, groups)
    assert (found.n_groups, found.n_needed) == (None, None)
