"""Measures of refused photos: own ones, and strangers."""

import numpy as np
import pytest

from headstart.evaluation.intervals import wilson_interval
from headstart.evaluation.refusals import (
    list_share_rows,
    measure_refused,
    measure_strangers,
    say_accepted,
    say_refused,
)


def test_refused_photos_are_counted_at_and_below_the_share():
    record = measure_refused(np.array([0.01, 0.0100001, 0.5, 1.0]), 0.01, np.array([False, False, True, True]))
    assert (record["n"], record["n_refused"], record["refused"], record["n_accepted"]) == (4, 1, 0.25, 3)
    assert record["accuracy"] == pytest.approx(2 / 3)
    assert record["refused_ci95"] == pytest.approx(wilson_interval(1, 4))
    assert record["accuracy_ci95"] == pytest.approx(wilson_interval(2, 3))


def test_groups_widen_the_intervals():
    novelties, is_right = np.tile([0.001, 0.5, 0.6, 0.7], 20), np.ones(80, bool)
    alone, grouped = (
        measure_refused(novelties, 0.01, is_right, groups)["refused_ci95"] for groups in (None, ["a", "b"] * 40)
    )
    assert np.diff(grouped) > np.diff(alone)


def test_the_auroc_is_that_of_counting_pairs():
    rng = np.random.default_rng(0)
    own, strangers = rng.integers(2, 20, 50) / 20, rng.integers(0, 12, 30) / 20
    record = measure_strangers(own, strangers, [0.05, 0.5])
    pairs = np.sign(own[:, None] - strangers)
    assert record["auroc"] == pytest.approx((pairs > 0).mean() + (pairs == 0).mean() / 2)
    assert [row["own_refused"] for row in record["shares"]] == [(own <= 0.05).mean(), (own <= 0.5).mean()]
    assert record["shares"][1]["strangers_refused"] == (strangers <= 0.5).mean()
    assert (record["n_own"], record["n_strangers"]) == (50, 30)


def test_without_strangers_there_is_no_auroc():
    record = measure_strangers(np.array([0.5]), np.array([]), [0.05])
    assert record["auroc"] is None
    assert record["shares"][0]["strangers_refused"] is None
    assert record["shares"][0]["strangers_refused_ci95"] == [0.0, 1.0]


def test_if_all_photos_are_refused_there_is_no_accuracy():
    record = measure_refused(np.zeros(3), 0.05, np.ones(3, bool))
    assert record["accuracy"] is None
    assert say_refused(record).endswith("\nAll photos are refused.")


def test_if_no_photo_is_refused_the_accuracy_is_not_repeated():
    told = say_refused(measure_refused(np.ones(20), 0.05, np.ones(20, bool)))
    assert told.startswith("Refused   0.0%  (95% interval 0.0% to ")
    assert "\n" not in told


def test_the_table_has_a_line_for_each_share():
    record = measure_strangers(np.linspace(0.001, 1, 100), np.full(100, 0.001), [0.01, 0.05])
    assert list_share_rows(record) == [
        "share   evaluated photos refused   strangers refused",
        "   1%   1.0% (0.2 to 5.4)          100.0% (96.3 to 100.0)",
        "   5%   5.0% (2.2 to 11.2)         100.0% (96.3 to 100.0)",
    ]


def test_the_classes_of_accepted_strangers_are_told():
    nearest = [{"label": label, "n": n} for label, n in (("a", 9), ("b", 5), ("c", 2), ("d", 1), ("e", 1))]
    record = {"n_strangers": 2000, "n_accepted": 18, "nearest": nearest}
    told = "18 of 2,000 strangers were not refused: 9 as 'a', 5 as 'b', 2 as 'c', 2 as others."
    assert say_accepted(record) == told
    assert say_accepted({"n_strangers": 2, "n_accepted": 1, "nearest": nearest[3:4]}).startswith("1 of 2 strangers was")
    assert say_accepted({"n_strangers": 2, "n_accepted": 0, "nearest": []}) == ""
