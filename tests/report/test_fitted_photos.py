"""The report says which photos the head was fitted to."""

import pytest

from headstart.report.fitted_photos import describe_fitted_photos, explain_splits

VALIDATION = {"n": 3}


def test_one_fit_needs_no_description():
    assert describe_fitted_photos({}) is None
    assert "training and validation photos" in describe_fitted_photos({"fitted_on": "train+validation"})
    assert "training, validation and test photos" in describe_fitted_photos({"fitted_on": "all"})


@pytest.mark.parametrize(
    ("metrics", "says", "says_not"),
    [
        ({"test": {"n": 9}}, "neither fitted to the test photos", "Validation"),
        ({}, "so the measures on them are too good", "test photos"),
        ({"validation": VALIDATION}, "the classifier was not fitted to them", "twice"),
        (
            {"validation": VALIDATION, "fitted_on": "train+validation"},
            "The validation and training measures and the curves below are those of the first fit.",
            "without the test photos",
        ),
        ({"validation": VALIDATION, "fitted_on": "all"}, "fitted without the test photos", "neither"),
    ],
)
def test_the_measures_of_each_split_are_explained(metrics, says, says_not):
    text = explain_splits(metrics)
    assert says in text
    assert says_not not in text
