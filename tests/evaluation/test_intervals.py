"""The Wilson interval against published values, and its properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.errors import EvaluationError
from headstart.evaluation.intervals import bound_share, count_effective, wilson_interval


@pytest.mark.parametrize(
    ("n_right", "n", "low", "high"),
    [
        # Newcombe 1998, "Two-sided confidence intervals for the single proportion", Statist. Med. 17, table I,
        # method 3 (score without correction for continuity)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_equals_published_values(n_right, n, low, high):
    assert wilson_interval(n_right, n) == pytest.approx((low, high), abs=5e-5)


def test_without_photos_the_interval_is_0_to_1():
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_the_interval_widens_with_confidence_and_narrows_with_photos():
    def width(n_right, n, confidence=0.95):
        low, high = wilson_interval(n_right, n, confidence)
        return high - low

    assert width(90, 100, 0.99) > width(90, 100) > width(900, 1000)


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_contains_the_share_and_stays_within_0_and_1(counts):
    n_right, n = counts
    low, high = wilson_interval(n_right, n)
    assert 0 <= low <= n_right / n <= high <= 1
    assert (low == 0) == (n_right == 0)
    assert (high == 1) == (n_right == n)


@pytest.mark.parametrize(("n_right", "n", "confidence"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0), (1, 2, 95)])
def test_impossible_counts_are_refused(n_right, n, confidence):
    with pytest.raises(EvaluationError, match=r"Cannot compute an interval: got .* need 0 <= right <= n"):
        wilson_interval(n_right, n, confidence)


def test_without_groups_the_interval_of_a_share_is_wilsons():
    is_right = np.arange(40) > 5
    expected = list(wilson_interval(34, 40))
    assert bound_share(is_right, np.ones(40)) == pytest.approx(expected)
    assert bound_share(is_right, np.ones(40), [str(n) for n in range(40)]) == bound_share(is_right, np.ones(40))


def test_weights_of_0_give_no_information():
    assert bound_share(np.ones(3, bool), np.zeros(3)) == [0.0, 1.0]
    assert bound_share(np.ones(3, bool), np.array([0.0, 0, 1]), ["a", "a", "b"])[0] < 0.25


def test_a_variance_factor_divides_the_number_of_photos():
    is_right = np.arange(100) < 90
    assert bound_share(is_right, np.ones(100), variance_factor=1.25) == pytest.approx(list(wilson_interval(72, 80)))
    groups = [str(n // 2) for n in range(100)]
    plain, wider = (bound_share(is_right, np.ones(100), groups, variance_factor=factor) for factor in (1.0, 1.25))
    assert wider[0] < plain[0] < plain[1] < wider[1]


def test_copies_count_once():
    """Four copies of each photo are right or wrong together: the interval is that of the photos, with Student's t."""
    is_right = np.arange(60) % 5 > 0
    copies = bound_share(np.tile(is_right, 4), np.ones(240), [str(n) for n in range(60)] * 4)
    photos = bound_share(is_right, np.ones(60))
    assert copies[0] < photos[0] < photos[1] < copies[1]
    assert copies == pytest.approx(photos, abs=0.01)


def test_a_few_pairs_of_copies_hardly_change_the_interval():
    is_right = np.random.default_rng(0).random(500) < 0.9
    names = [str(max(n, 10) if n % 2 else n // 2 * 2) for n in range(500)]
    alone, paired = bound_share(is_right, np.ones(500)), bound_share(is_right, np.ones(500), names)
    assert paired == pytest.approx(alone, abs=0.004)


def test_the_interval_is_that_of_the_effective_number():
    is_right, groups = np.arange(90) % 7 > 0, [str(n // 4) for n in range(90)]
    n = count_effective(is_right, np.ones(90), groups)
    assert 20 < n < 90
    assert bound_share(is_right, np.ones(90), groups) == pytest.approx(list(wilson_interval(is_right.mean() * n, n)))
    assert count_effective(is_right, np.ones(90)) == 90


def test_answers_of_several_heads_count_as_their_share():
    random = np.random.default_rng(0)
    of_group = random.random(20)
    shares, groups = np.repeat(of_group, 10), [str(n // 10) for n in range(200)]
    n = count_effective(shares, np.ones(200), groups)
    # the last digits differ: a processor may add three times the numbers in another order
    assert n == pytest.approx(count_effective(shares, np.full(200, 3.0), groups), rel=1e-9)
    alone = count_effective(random.permutation(shares), np.ones(200), groups)
    assert 10 < n < 70 < alone < 200


def test_one_group_says_nearly_nothing():
    low, high = bound_share(np.arange(100) < 80, np.ones(100), ["a"] * 100)
    assert low < 0.05
    assert high > 0.95


def test_groups_without_a_mistake_count_as_one_photo_each():
    low, high = bound_share(np.ones(300, bool), np.ones(300), [str(n // 30) for n in range(300)])
    assert high == 1
    assert low == pytest.approx(wilson_interval(7.5, 7.5)[0], abs=0.01)  # ten photos, by Student's t of 9 degrees


@pytest.mark.parametrize(("n_groups", "correlation"), [(8, 0.3), (20, 0.1), (20, 0.7), (60, 0.3)])
def test_the_interval_covers_the_accuracy_if_groups_differ(n_groups, correlation):
    """Each group has an accuracy of its own, drawn from a beta distribution, and 1 to 39 photos."""
    random, accuracy, covered, plain = np.random.default_rng(n_groups), 0.85, 0, 0
    odds = (1 - correlation) / correlation
    for _ in range(200):
        groups = np.repeat(np.arange(n_groups), random.integers(1, 40, n_groups))
        of_group = random.beta(accuracy * odds, (1 - accuracy) * odds, n_groups)
        is_right = random.random(len(groups)) < of_group[groups]
        low, high = bound_share(is_right, np.ones(len(groups)), groups.astype(str))
        covered += low <= accuracy <= high
        low, high = bound_share(is_right, np.ones(len(groups)))
        plain += low <= accuracy <= high
    assert covered >= 0.92 * 200
    assert plain < 0.8 * 200
