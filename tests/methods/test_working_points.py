"""The decision is chosen by photos that the head was not fitted to, and described in metrics.json."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from headstart.catalog.photo import Photo
from headstart.classifier.decision import Decision, MistakeCost
from headstart.errors import FitError
from headstart.evaluation.working_points import say_working_points
from headstart.methods.feature_table import SplitFeatures
from headstart.methods.held_out_scores import OutOfFold
from headstart.methods.settings import Settings
from headstart.methods.split_metrics import SplitPredictions
from headstart.methods.working_points import (
    check_classes,
    choose_decision,
    decide_by,
    describe_working_points,
    measure_decision,
)
from headstart.report.working_points_table import list_working_points

LABELS = ("bad", "good")
GENERATOR = np.random.default_rng(0)


def make_photos(n, n_classes=2):
    y = np.arange(n) % n_classes
    scores = GENERATOR.normal(size=(n, n_classes)) + 1.5 * np.eye(n_classes)[y]
    powers = np.exp(scores)
    return y, (powers / powers.sum(1, keepdims=True)).astype(np.float32)


def make_split(y, probabilities):
    photos = tuple(Photo(f"{n}.jpg", LABELS[number], digest=f"{n:064x}", split="test") for n, number in enumerate(y))
    X = np.zeros((len(y), 1), np.float32)
    return SplitPredictions(SplitFeatures(photos, X, y, X[None]), probabilities)


def test_the_threshold_finds_the_wanted_share_of_the_held_out_photos():
    y, p = make_photos(400)
    chosen = decide_by(Settings(find=0.95, of="bad"), LABELS, y, p, judged_by="cross-validation")
    assert chosen.decision.threshold in p[y == 0, 0]
    assert 0.95 <= (p[y == 0, 0] >= chosen.decision.threshold).mean() < 0.97
    assert chosen.notes == []


def test_the_record_has_the_promise_and_the_test_photos_beside_it():
    y, p = make_photos(400)
    chosen = decide_by(Settings(find=0.95, of="bad"), LABELS, y, p, judged_by="validation")
    y_test, p_test = make_photos(100)
    (record,) = describe_working_points(chosen, make_split(y_test, p_test))
    assert record["recall"] == chosen.threshold.recall
    assert record["recall_ci95"] == list(chosen.threshold.recall_ci95)
    assert (record["label"], record["find"], record["judged_by"]) == ("bad", 0.95, "validation")
    assert record["test"] == measure_decision(chosen.decision, LABELS, y_test, p_test)[0]
    assert record["test"]["n_positive"] == 50
    answers = chosen.decision.decide(p_test, LABELS)
    assert record["test"]["recall"] == (answers[y_test == 0] == 0).mean()
    (record,) = describe_working_points(chosen, make_split(y_test[:0], p_test[:0]))
    assert record["test"] is None


def test_too_few_photos_give_a_note_with_the_number_that_is_needed():
    chosen = decide_by(Settings(find=0.98, of="bad"), LABELS, *make_photos(40), judged_by="cross-validation")
    (note,) = chosen.notes
    assert note.severity == "warning"
    assert (
        "98.0% of 'bad' cannot be promised: this needs 49 photos or more of the class outside the test set" in note.text
    )
    assert "and there are 20. The threshold finds 95.2% of new photos on average" in note.text


def test_a_class_without_held_out_photos_is_refused():
    y, p = make_photos(40)
    with pytest.raises(FitError, match="got no held-out photo of 'bad', need some"):
        decide_by(Settings(find=0.98, of="bad"), LABELS, y[y == 1], p[y == 1], judged_by="validation")


def test_costs_lower_the_mean_cost():
    y, p = make_photos(400)
    settings = Settings(cost=["bad:good=20"])
    chosen = decide_by(settings, LABELS, y, p, judged_by="cross-validation")
    assert chosen.decision == Decision(costs=(MistakeCost("bad", "good", 20.0),))
    (record,) = describe_working_points(chosen, make_split(y, p))
    assert record["threshold"] == pytest.approx(1 / 21)
    assert record["mean_cost"] < record["most_probable"]["mean_cost"]
    usual = p.argmax(1)
    assert record["most_probable"]["mean_cost"] == ((usual != y) * np.where(y == 0, 20, 1)).mean()
    assert record["recall"] > (usual[y == 0] == 0).mean()


def test_costs_of_several_classes_have_a_record_for_each_class_that_is_missed():
    labels = ("bad", "good", "worse")
    y, p = make_photos(300, n_classes=3)
    settings = Settings(cost=("worse:good=9", "bad:good=4", "worse:bad=2"))
    records = measure_decision(decide_by(settings, labels, y, p, judged_by="validation").decision, labels, y, p)
    assert [record["label"] for record in records] == ["worse", "bad"]
    assert all(record["threshold"] is None and len(record["costs"]) == 3 for record in records)


def test_unknown_classes_are_refused_with_the_one_that_was_meant():
    check_classes(Settings(find=0.9, of="good"), LABELS)
    with pytest.raises(
        FitError, match=r"got the class 'Bad' to find \(did you mean 'bad'\?\), need one of the classes 'bad', 'good'"
    ):
        check_classes(Settings(find=0.9, of="Bad"), LABELS)
    with pytest.raises(FitError, match="unknown class 'gut'"):
        check_classes(Settings(cost="bad:gut=3"), LABELS)


@pytest.mark.parametrize(("is_validation", "judged_by"), [(False, "cross-validation"), (True, "validation")])
def test_the_threshold_is_of_the_scores_after_the_confidence_is_set(is_validation, judged_by):
    y, p = make_photos(200)
    photos = make_split(y, p).features.photos
    held = OutOfFold(photos=photos, y=y, scores=3 * np.log(p), is_validation=is_validation)
    table = SimpleNamespace(catalog=SimpleNamespace(labels=LABELS))
    chosen = choose_decision(SimpleNamespace(held_out=held, settings=Settings(find=0.9, of="bad"), table=table))
    expected = p[:, 0] ** 3 / (p**3).sum(1)
    assert np.abs(expected[y == 0] - chosen.decision.threshold).min() < 1e-6
    assert (chosen.judged_by, chosen.groups) == (judged_by, None)


def test_few_groups_give_a_note_and_the_promise_is_for_photos_of_the_same_groups():
    y, p = make_photos(120)
    groups = [f"{n % 2} {n // 60}" for n in range(120)]
    chosen = decide_by(Settings(find=0.98, of="bad"), LABELS, y, p, judged_by="cross-validation", groups=groups)
    (note,) = chosen.notes
    assert note.text == (
        "98.0% of 'bad' cannot be promised for new groups: this needs 49 groups or more, and the 60 photos of the "
        "class outside the test set are of 2 groups. The threshold finds 98.4% of new photos of the same groups on "
        "average."
    )
    (record,) = describe_working_points(chosen, make_split(y, p))
    assert (record["n_groups"], record["n_needed"]) == (2, 49)
    (text,) = say_working_points([record])
    assert "finds 98.4% of new photos of 'bad' of the same groups on average (95% interval for new groups " in text
    assert text.endswith("with 60 photos of the class, of 2 groups.")
    (table,) = list_working_points([record])
    assert table["rows"][0]["name"] == "New photos of the same groups"
    assert table["note"].endswith("The photos of 'bad' are of 2 groups; the interval is for photos of new groups.")


def test_groups_are_named_by_their_kind():
    y, p = make_photos(120)
    groups, settings = [f"{n % 2} {n // 60}" for n in range(120)], Settings(find=0.98, of="bad")
    chosen = decide_by(settings, LABELS, y, p, judged_by="cross-validation", groups=groups, group_kind="camera")
    assert "needs 49 cameras or more" in chosen.notes[0].text
    (record,) = describe_working_points(chosen, make_split(y, p))
    assert record["group_kind"] == "camera"
    assert "of the same cameras on average (95% interval for new cameras " in say_working_points([record])[0]
    assert list_working_points([record])[0]["rows"][0]["name"] == "New photos of the same cameras"


def test_near_copies_alone_are_groups_of_one_picture():
    y, p = make_photos(200)
    photos = [replace(photo, near_copies=f"{n // 2}") for n, photo in enumerate(make_split(y, p).features.photos)]
    held = OutOfFold(photos=tuple(photos), y=y, scores=np.log(p), is_validation=False)
    table = SimpleNamespace(catalog=SimpleNamespace(labels=LABELS, group_kind="group"))
    trained = SimpleNamespace(held_out=held, settings=Settings(find=0.9, of="bad"), table=table)
    assert choose_decision(trained).group_kind == "picture"
    named = replace(held, photos=tuple(replace(photo, group="1") for photo in photos))
    trained.held_out = named
    assert choose_decision(trained).group_kind == "group"
