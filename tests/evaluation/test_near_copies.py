"""The sentence of the verdict on near copies."""

import pytest

from headstart.evaluation.near_copies import say_near_copies
from headstart.evaluation.verdict import write_verdict

TEST = {"n": 100, "accuracy": 0.9, "accuracy_ci95": [0.8, 0.95], "majority_accuracy": 0.5, "majority_class": "cats"}
WITHOUT = {"n": 20, "accuracy": 0.88, "accuracy_ci95": [0.79, 0.94]}  # too few to be quoted


def make(n, *, without=WITHOUT, is_chained=False):
    record = {"across": {"test": n, "validation": 0}, "without": without, "is_chained": is_chained}
    return {"test": TEST, "near_copies": record}


@pytest.mark.parametrize("metrics", [{}, {"test": TEST}, {"test": TEST, "near_copies": None}, make(0)])
def test_without_copies_in_training_nothing_is_said(metrics):
    assert say_near_copies(metrics) == ""


def test_the_accuracy_without_the_copies_is_told():
    assert say_near_copies(make(10)) == (
        "10 test photos have a near copy in training. Without these photos the classifier is right 88.0% of the time "
        "(95% interval 79.0% to 94.0%)."
    )
    said = say_near_copies(make(1))
    assert said.startswith("1 test photo has a near copy in training. Without this photo the classifier is right 88.0%")
    assert say_near_copies(make(100, without=None)) == "100 test photos have a near copy in training."


def test_a_series_is_called_one():
    said = say_near_copies(make(82, is_chained=True))
    assert said.startswith(
        "82.0% of the test photos have a near copy in training: the photos seem to come from one series."
    )
    assert write_verdict(make(82, without=WITHOUT | {"n": 90}, is_chained=True)).startswith("On 100 test photos it has")


def test_the_verdict_leads_with_the_accuracy_without_the_copies_if_enough_photos_are_left():
    verdict = write_verdict(make(10, without=WITHOUT | {"n": 90}))
    assert verdict.startswith(
        "On 90 test photos without a near copy in training, this classifier names the right class 88.0% of the time "
        "(95% interval 79.0% to 94.0%). On all 100 test photos it is right 90.0% of the time."
    )
    assert "10 test photos have a near copy in training." in verdict
    assert "With only 90 photos the interval is 15 points wide" in verdict
    assert "Without these" not in verdict


def test_the_verdict_has_the_sentence():
    assert say_near_copies(make(10)) in write_verdict(make(10))
