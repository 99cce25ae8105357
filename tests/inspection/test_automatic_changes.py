"""Rules leave photos out by the kind of finding; of copies one stays; what a person decided is not changed."""

import pytest

from headstart.catalog.photo import Photo
from headstart.inspection.automatic_changes import plan_changes
from headstart.inspection.finding import Finding


def photo(name, digest, label="cats", split=None):
    return Photo(name, label, digest=digest, split=split)


def find(kind, *photos, score=0.9, **fields):
    return Finding(
        kind=kind, photos=tuple(photo.file for photo in photos), digests=tuple(photo.digest for photo in photos),
        label=photos[0].label, score=score, evidence="It is so.", **fields,
    )  # fmt: skip


ONE, TWO, TWIN, DOG = photo("1", "a"), photo("2", "b"), photo("3", "a"), photo("4", "c", "dogs")
PHOTOS = (ONE, TWO, TWIN, DOG)


def plan(*findings, photos=PHOTOS, decided=None, **options):
    changes = plan_changes(findings, photos, decided=decided or {}, **options)
    return {n: planned.change for n, planned in sorted(changes.planned.items())}


def test_only_the_given_kinds_are_left_out_with_all_files_of_the_photo():
    findings = [find("blank", ONE), find("dark", TWO)]
    assert plan(*findings, drop=["blank"]) == {0: "drop", 2: "drop"}
    assert plan(*findings) == {}


def test_the_last_one_of_the_copies_stays():
    assert plan(find("copy", TWIN, ONE), drop=["copy"]) == {2: "drop"}
    assert plan(find("near_copy", TWO, TWIN), drop=["near_copy"]) == {1: "drop"}
    both = plan(find("copy", TWIN, ONE), find("near_copy", TWO, ONE), drop=["copy", "near_copy"])
    assert both == {1: "drop", 2: "drop"}


def test_copies_with_several_labels_are_left_to_a_person():
    changes = plan_changes([find("near_copy", ONE, DOG)], PHOTOS, drop=["near_copy"], decided={})
    assert (changes.planned, changes.n_left_open) == ({}, 1)


@pytest.mark.parametrize(
    ("decided", "labels", "expected"),
    [
        ({3: "drop"}, {}, ({0: "drop"}, 0)), ({3: "relabel"}, {3: "cats"}, ({0: "drop", 2: "drop"}, 0)),
        ({0: "keep", 2: "keep", 3: "keep"}, {}, ({}, 0)), ({0: "keep"}, {}, ({}, 1)),
    ],
)  # fmt: skip
def test_copies_with_several_labels_are_not_left_open_if_a_person_decided(decided, labels, expected):
    dog = photo("4", "a", "dogs")
    finding = find("copy", dog, ONE, TWIN)
    changes = plan_changes([finding], (ONE, TWO, TWIN, dog), drop=["copy"], decided=decided, labels=labels)
    assert ({n: planned.change for n, planned in changes.planned.items()}, changes.n_left_open) == expected


@pytest.mark.parametrize(
    ("decided", "expected"), [({0: "keep"}, {2: "drop"}), ({2: "keep"}, {0: "drop"}), ({2: "drop"}, {})]
)
def test_decisions_come_before_rules(decided, expected):
    assert plan(find("copy", ONE, TWIN), drop=["copy"], decided=decided) == expected


def test_a_blank_photo_is_not_the_copy_that_stays():
    findings = [find("near_copy", ONE, TWO), find("blank", ONE)]
    assert plan(*findings, drop=["near_copy", "blank"]) == {0: "drop", 2: "drop"}


def test_labels_are_replaced_from_a_score_on():
    wrong = find("wrong_label", ONE, score=0.9, suggested="dogs", suggested_probability=0.6)
    findings = [wrong, find("wrong_label", TWO, score=0.5)]
    assert plan(*findings, relabel_from=0.9) == {0: "relabel", 2: "relabel"}
    assert plan(*findings, relabel_from=0.95) == {}
    assert plan(*findings) == {}
    changes = plan_changes(findings, PHOTOS, relabel_from=0.1, decided={})
    assert (changes.planned[0].new, changes.planned[0].reason) == ("dogs", "Doubtful label, score 0.90: It is so.")
    assert 1 not in changes.planned  # nothing is suggested


@pytest.mark.parametrize("probability", [0.49, None])
def test_a_label_is_not_replaced_by_one_that_is_improbable_or_of_unknown_probability(probability):
    wrong = find("wrong_label", ONE, score=0.99, suggested="dogs", suggested_probability=probability)
    assert plan(wrong, relabel_from=0.5) == {}


def test_a_file_without_a_digest_is_found_by_its_path():
    unread = Finding(kind="unreadable", photos=("2",), digests=("",), score=1.0, evidence="It cannot be decoded.")
    assert plan(unread, drop=["unreadable"]) == {1: "drop"}


def test_a_decision_about_the_content_stops_rules_but_those_about_copies():
    kept = {"decided": {0: "keep"}, "implied": {2: "keep"}}
    assert plan(find("blank", ONE), find("blank", TWO), drop=["blank"], **kept) == {1: "drop"}
    assert plan(find("copy", ONE, TWIN), drop=["copy"], **kept) == {2: "drop"}
