"""The Wilson interval against published values, and its properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.errors import EvaluationError
from headstart.evaluation.intervals import wilson_interval


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
