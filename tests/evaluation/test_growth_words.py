"""The sentences on photos that were added and forgotten."""

import pytest

from headstart.evaluation.growth_words import list_class_changes, say_growth

NONE = {"train": 0, "validation": 0, "test": 0}
ROWS = [
    {"label": "cats", "n": 9, "before": 8, "after": 8, "gained": 0, "lost": 0, "to_new": 0},
    {"label": "dogs", "n": 9, "before": 8, "after": 7, "gained": 0, "lost": 1, "to_new": 1},
]


def make_record(**changes):
    comparison = {"n": 100, "accuracy": [0.9, 0.95], "n_only_before": 1, "n_only_after": 9, "p": 0.0215,
                  "is_more_than_chance": True}  # fmt: skip
    return {
        "added": {"cats": {"train": 8, "validation": 1, "test": 1}}, "forgotten": {}, "new_classes": [],
        "lost_classes": [], "left_out": {}, "comparison": comparison,
        "n_held_out": 150, "n_other": 12, "by_class": ROWS,
    } | changes  # fmt: skip


def test_the_accuracy_on_the_same_photos_is_compared():
    assert say_growth(make_record()) == [
        "10 photos were added (8 train, 1 validation, 1 test), and none was forgotten.",
        "On the 100 test photos of both runs the accuracy was 90.0%, and is 95.0% now: only this run is right on 9, "
        "only the earlier one on 1 (more than chance, McNemar's exact test, p = 0.021).",
        "Of the 150 validation and test photos of both runs, 12 have another answer.",
    ]


def test_chance_and_equal_answers_are_told_as_such():
    comparison = make_record()["comparison"] | {"is_more_than_chance": False, "p": 1.0}
    assert "(this may be chance, " in say_growth(make_record(comparison=comparison))[1]
    comparison |= {"n_only_before": 0, "n_only_after": 0}
    told = say_growth(make_record(comparison=comparison, n_other=0))
    assert told[1].endswith("is 95.0% now: both are right on the same photos.")
    assert told[2].endswith("photos of both runs, none has another answer.")
    told = say_growth(make_record(comparison=None, n_held_out=0))
    assert told[1:] == ["The runs share no test photo, so their accuracies cannot be compared."]


def test_forgotten_photos_and_lost_classes_are_told():
    told = say_growth(make_record(added={}, forgotten={"owls": NONE | {"test": 1}}, lost_classes=["owls"]))
    assert told[:2] == [
        "No photo was added, and 1 photo was forgotten (1 test).",
        "No photo is left of owls: the classifier does not answer this any more.",
    ]


@pytest.mark.parametrize(("n_train", "n_test"), [(19, 4), (20, 4), (60, 0)])
def test_a_new_class_with_few_photos_or_without_test_photos_is_told(n_train, n_test):
    counts = NONE | {"train": n_train, "test": n_test}
    told = say_growth(make_record(added={"owls": counts}, new_classes=["owls"]))[1]
    assert told.startswith(f"'owls' is a new class, with {n_train} training photos and {n_test} test photos.")
    assert ("That is few: add photos of 'owls'" in told) == (n_train < 20)
    assert ("The test accuracy says nothing about 'owls'" in told) == (n_test == 0)


def test_photos_of_the_run_that_are_left_out_are_not_called_forgotten():
    told = say_growth(make_record(left_out={"cats": NONE | {"train": 2}}))
    assert told[1] == "2 photos of the earlier run are left out for reasons that the notes give."


def test_classes_that_did_not_change_are_listed_beside_a_new_class_only():
    assert [row["label"] for row in list_class_changes(make_record())] == ["dogs"]
    assert [row["label"] for row in list_class_changes(make_record(new_classes=["owls"]))] == ["cats", "dogs"]
