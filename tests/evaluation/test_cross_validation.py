"""The figure of cross-validation: read from metrics, missing for a reason, and compared with the test figure."""

import pytest

from headstart.evaluation.cross_validation import (
    compare_with_cross_validation,
    explain_missing_cross_validation,
    find_cross_validation,
)
from headstart.evaluation.intervals import wilson_interval
from headstart.evaluation.verdict import write_verdict


def judge(n_right, n):
    return {"n": n, "accuracy": n_right / n, "accuracy_ci95": list(wilson_interval(n_right, n))}


def test_the_record_of_an_earlier_version_is_not_read():
    assert find_cross_validation({"cross_validation": {"accuracy_mean": 0.9, "accuracy_sd": 0.1, "n": 9}}) is None
    assert find_cross_validation({"cross_validation": None}) is None
    assert find_cross_validation({"cross_validation": judge(8, 9)}) == judge(8, 9)


@pytest.mark.parametrize(
    ("metrics", "says"),
    [
        ({"method": "hybrid"}, "above a cut each fold would need a training of its own"),
        ({"method": "fixed", "head": "adam"}, "the head adam"),
        ({"method": "fixed", "head": "logistic"}, "too many photos and classes, or only one class"),
    ],
)
def test_the_reason_why_it_is_missing_is_given(metrics, says):
    assert says in explain_missing_cross_validation(metrics)


def test_a_given_test_set_of_another_kind_is_named():
    metrics = {"test": judge(150, 200), "cross_validation": judge(1200, 1300), "is_test_drawn": False}
    sentence = compare_with_cross_validation(metrics)
    assert sentence.startswith(
        "In cross-validation over all 1,300 photos, classifiers like this one are right 92.3% of the time"
    )
    assert "the test photos seem to be of another kind than the others. Quote the test accuracy for photos" in sentence
    assert sentence in write_verdict(metrics)


def test_the_verdict_leads_with_cross_validation_if_drawn_test_photos_are_harder_by_chance():
    metrics = {"test": judge(150, 200), "cross_validation": judge(1200, 1300), "is_test_drawn": True}
    verdict = write_verdict(metrics)
    assert verdict.startswith("In cross-validation over all 1,300 photos, classifiers like this one name the right")
    assert "On its 200 test photos this classifier was right 75.0% of the time" in verdict
    assert "these photos seem to be harder than all photos together." in verdict


def test_nothing_is_said_if_both_agree_or_one_is_missing():
    assert compare_with_cross_validation({"test": judge(180, 200), "cross_validation": judge(1200, 1300)}) == ""
    assert compare_with_cross_validation({"test": None, "cross_validation": judge(1200, 1300)}) == ""
    assert compare_with_cross_validation({"test": judge(180, 200), "cross_validation": None}) == ""
