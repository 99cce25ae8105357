"""The interval of repeated splits: its formula, its floor, and how often it covers."""

import math

import numpy as np
import pytest

from headstart.errors import EvaluationError
from headstart.evaluation.intervals import wilson_interval
from headstart.evaluation.repeats import repeats_interval, write_repeats

RECORD = {"n": 5, "n_asked": 5, "mean": 0.9, "mean_ci95": [0.8, 0.95], "accuracies": [0.88, 0.9, 0.91, 0.9, 0.91]}


def test_the_interval_is_that_of_nadeau_and_bengio():
    accuracies = [0.80, 0.90, 0.84, 0.94, 0.87]
    half = 2.776445 * math.sqrt((1 / 5 + 150 / 700) * np.var(accuracies, ddof=1))
    low, high = repeats_interval(accuracies, n_train=700, n_test=150, n_photos=100_000)
    assert (low, high) == pytest.approx((0.87 - half, 0.87 + half), abs=1e-6)


def test_equal_accuracies_have_the_interval_of_the_photos_that_were_tested():
    assert repeats_interval([1.0] * 5, n_train=70, n_test=15, n_photos=50) == wilson_interval(50, 50)
    assert repeats_interval([0.9] * 5, n_train=70, n_test=15, n_photos=50) == pytest.approx(wilson_interval(45, 50))


def test_the_interval_stays_within_0_and_1():
    low, high = repeats_interval([0.1, 0.99], n_train=10, n_test=5, n_photos=8)
    assert (low, high) == (0.0, 1.0)


@pytest.mark.parametrize(("accuracies", "n_photos"), [([0.9], 50), ([0.9, 0.8], 0)])
def test_one_accuracy_has_no_interval(accuracies, n_photos):
    with pytest.raises(EvaluationError, match=r"Cannot compute an interval of repeats: got .* Draw more splits"):
        repeats_interval(accuracies, n_train=10, n_test=5, n_photos=n_photos)


def test_photos_of_two_groups_have_a_wide_interval():
    low, high = repeats_interval([0.48, 0.52, 0.5], n_train=200, n_test=99, n_photos=0.024)
    assert (low < 0.01, high > 0.99) == (True, True)


def test_unfinished_repeats_are_told():
    assert "repeats" not in write_repeats(RECORD)
    assert write_repeats(RECORD | {"n_asked": 9}).endswith("Of 9 repeats, 5 are finished.")
