"""The table of working points says what is found and what it costs, beside the most probable class."""

import numpy as np
import pytest

from headstart.classifier.decision import Decision, MistakeCost
from headstart.methods.working_points import measure_decision
from headstart.report.working_points_table import list_working_points

LABELS = ("bad", "good")
Y = np.arange(100) % 2
P = np.random.default_rng(0).dirichlet([1, 1], 100)


def make_points(decision, **changes):
    points = measure_decision(decision, LABELS, Y, P)
    return [point | {"judged_by": "cross-validation", "test": dict(point)} | changes for point in points]


def test_a_threshold_has_rows_for_new_photos_test_photos_and_the_most_probable_class():
    points = make_points(Decision(label="bad", threshold=0.031, find=0.9))
    (table,) = list_working_points(points)
    assert "if its probability is at least 3.1%" in table["title"]
    assert "chosen by 50 photos of 'bad'; false alarms were counted on 50 others, in cross-validation" in table["note"]
    names = ["New photos", "Test photos", "Test photos, most probable class"]
    assert [row["name"] for row in table["rows"]] == names
    assert [row["is_chosen"] for row in table["rows"]] == [True, False, False]
    found, alarms, precision, accuracy = table["rows"][1]["cells"]
    assert found["text"] == f"{points[0]['recall']:.1%}"
    assert alarms["text"] == f"{points[0]['false_alarm_rate']:.1%}"
    assert alarms["range"].count("%") == 2
    assert (precision["range"], accuracy["range"]) == ("", "")
    assert table["rows"][2]["cells"][0]["text"] == f"{points[0]['most_probable']['recall']:.1%}"


def test_costs_have_a_mean_cost_and_their_own_list():
    (table,) = list_working_points(make_points(Decision(costs=(MistakeCost("bad", "good", 20.0),))))
    assert table["has_cost"]
    assert table["rows"][0]["name"] == "Photos of cross-validation"
    assert [len(row["cells"]) for row in table["rows"]] == [5, 5, 5]
    assert table["costs"] == [{"mistake": "bad called good", "cost": "20"}]
    assert table["note"].startswith("Counted on 50 photos of 'bad'")


def test_the_note_says_if_the_rule_does_not_lower_the_cost():
    points = make_points(Decision(costs=(MistakeCost("bad", "good", 20.0),)))
    usual = points[0]["most_probable"]["mean_cost"]
    for cost, is_said in ((usual, True), (usual / 2, False)):
        (table,) = list_working_points([points[0] | {"mean_cost": cost}])
        assert ("does not lower the cost" in table["note"]) is is_said


def test_without_test_photos_the_most_probable_class_is_judged_by_the_same_photos():
    (table,) = list_working_points(make_points(Decision(label="bad", threshold=0.1, find=0.9), test=None))
    assert [row["name"] for row in table["rows"]] == ["New photos", "Photos of cross-validation, most probable class"]


@pytest.mark.parametrize(("judged_by", "is_told"), [("validation", True), ("cross-validation", False)])
def test_validation_photos_are_told_to_be_slightly_too_good(judged_by, is_told):
    (table,) = list_working_points(make_points(Decision(label="bad", threshold=0.1, find=0.9), judged_by=judged_by))
    assert ("slightly too good" in table["note"]) == is_told


def test_no_working_point_gives_no_table():
    assert list_working_points([]) == []
