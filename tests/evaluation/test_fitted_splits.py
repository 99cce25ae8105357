"""The verdict says of which classifier a figure is, if the file was fitted to the evaluated photos, too."""

import pytest

from headstart.evaluation.fitted_splits import is_fitted_to, list_fitted_splits, say_whose_figure


@pytest.mark.parametrize(
    ("fitted_on", "splits"),
    [("all", ["train", "test"]), ("train+validation", ["train", "validation"]), (None, ["train"])],
)
def test_the_splits_are_read_from_the_metrics(fitted_on, splits):
    assert list_fitted_splits({"fitted_on": fitted_on, "train": {}, "validation": None}) == splits


@pytest.mark.parametrize(
    ("split", "fitted_on", "is_fitted"),
    [
        ("test", "all", True),
        ("test", "train+validation", False),
        ("validation", "train+validation", True),
        ("train", "all", False),
    ],
)
def test_the_figure_of_photos_that_the_file_was_fitted_to_is_of_another_head(split, fitted_on, is_fitted):
    metrics = {"fitted_on": fitted_on}
    assert is_fitted_to(split, metrics) == is_fitted
    assert ("expect it to be at least as accurate" in say_whose_figure(split, metrics)) == is_fitted
