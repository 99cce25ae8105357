"""Which share of own photos may be refused."""

import json

import pytest

from headstart.classifier.refusal import (
    AUTO,
    check_names,
    choose_refusal,
    count_needed,
    describe_refusal,
    settle_refusal,
)
from headstart.errors import ClassifierError, FitError


@pytest.mark.parametrize(
    ("n_units", "share"), [(None, None), (0, None), (18, None), (19, 0.05), (98, 0.05), (99, 0.01), (10**6, 0.01)]
)
def test_the_default_is_what_the_number_of_photos_supports(n_units, share):
    assert choose_refusal(n_units) == settle_refusal(AUTO, n_units) == share


@pytest.mark.parametrize("share", [0.5, 0.1, 0.05, 0.02, 0.01, 0.001, 1 / 3])
def test_the_needed_photos_are_those_whose_smallest_novelty_is_the_share(share):
    n = count_needed(share)
    assert 1 / (n + 1) <= share + 1e-12
    assert 1 / n > share or n == 1
    assert settle_refusal(share, n) == share


@pytest.mark.parametrize("none", [None, 0, 0.0])
def test_no_photo_is_refused_if_that_is_asked_for(none):
    assert settle_refusal(none, 1000) is None
    assert settle_refusal(none, None) is None


@pytest.mark.parametrize("share", ["1%", "none", True, 1, 1.5, -0.1, float("nan")])
def test_what_is_no_share_is_refused(share):
    with pytest.raises(ClassifierError, match="need a share of the classifier's own photos above 0 and below 1"):
        settle_refusal(share, 1000)


def test_a_share_that_the_photos_do_not_support_names_the_number_that_would():
    with pytest.raises(ClassifierError, match=r"got 40 photos that measured it, need 99. Refuse 2.5% or more"):
        settle_refusal(0.01, 40)
    assert settle_refusal(0.025, 40) == 0.025  # the advice can be followed
    with pytest.raises(
        ClassifierError, match="because an earlier version wrote it or fewer than 19 photos measured it"
    ):
        settle_refusal(0.01, None)


def test_other_programs_are_told_the_rule():
    told = json.loads(describe_refusal(40))
    assert (told["refuse"], told["n"]) == (0.05, 40)
    assert "answer none of these" in told["rule"]


def test_a_class_cannot_have_the_name_of_a_refusal():
    check_names(["none", "none of those", "other"])
    with pytest.raises(FitError, match="Cannot train a class named 'none of these'"):
        check_names(["cats", "none of these"])
