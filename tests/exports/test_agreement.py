"""An export is refused by what the checked photos show with confidence, not by a few photos of a few."""

import pytest
from scipy.stats import binomtest

from headstart.exports.agreement import compute_p_lower, describe_agreement, judge_agreement


def test_few_different_photos_of_few_do_not_refuse():
    found = judge_agreement(2, 90, most=0.02, n_lost=1, n_won=1, n_labelled=90)
    assert not found.is_refused
    assert not found.is_decided
    assert describe_agreement(found.to_dict(), "unseen ") == (
        "2 of 90 unseen photos differ, so 0.7% to 6.5% of all may; the limit is 2.0%: too few to decide, about "
        f"{found.n_to_decide - 90:,} more would decide"
    )


@pytest.mark.parametrize(("n_different", "n", "most"), [(20, 90, 0.02), (3, 200, 0.005), (40, 1000, 0.02)])
def test_many_different_photos_refuse(n_different, n, most):
    found = judge_agreement(n_different, n, most=most)
    assert (found.is_refused, found.is_decided, found.n_to_decide) == (True, True, None)
    assert found.low > most


@pytest.mark.parametrize(("n", "is_decided"), [(1000, True), (132, False), (133, True), (1, False), (0, False)])
def test_photos_without_a_difference_are_accepted_and_decide_if_they_are_enough(n, is_decided):
    found = judge_agreement(0, n, most=0.02)
    assert (found.is_refused, found.is_decided) == (False, is_decided)
    assert found.n_to_decide == (None if is_decided else 133)
    assert ("would decide" in describe_agreement(found.to_dict())) is not is_decided


def test_the_number_that_decides_decides():
    found = judge_agreement(1, 90, most=0.02)
    share = 1 / 90
    assert judge_agreement(share * found.n_to_decide, found.n_to_decide, most=0.02).is_decided
    assert not judge_agreement(share * (found.n_to_decide - 1), found.n_to_decide - 1, most=0.02).is_decided


def test_no_number_is_named_if_the_share_is_the_limit():
    found = judge_agreement(2, 100, most=0.02)
    assert found.n_to_decide is None
    assert describe_agreement(found.to_dict()).endswith("too few to decide, more would be needed to decide")


def test_a_clearly_lower_accuracy_refuses_even_if_the_share_does_not():
    found = judge_agreement(25, 1000, most=0.02, n_lost=24, n_won=1, n_labelled=1000)
    assert found.low < 0.02
    assert found.is_refused
    assert "no chance" in describe_agreement(found.to_dict())
    assert not judge_agreement(25, 1000, most=0.02, n_lost=13, n_won=12, n_labelled=1000).is_refused
    # int8 may cost up to 2 points
    assert not judge_agreement(15, 1000, most=0.02, n_lost=15, n_won=0, n_labelled=1000).is_refused


@pytest.mark.parametrize(("n_lost", "n_won"), [(0, 0), (1, 0), (5, 0), (7, 2), (100, 140), (3000, 2900)])
def test_the_test_of_mcnemar_is_that_of_scipy(n_lost, n_won):
    n = n_lost + n_won
    expected = binomtest(n_lost, n, alternative="greater").pvalue if n else 1.0
    assert compute_p_lower(n_lost, n_won) == pytest.approx(expected, rel=1e-9)
