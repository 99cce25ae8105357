import numpy as np

from headstart.inspection.detectors import find_problems
from headstart.inspection.label_scores import score_labels
from headstart.inspection.wrong_labels import SUSPICIOUS, find_wrong_labels, note_unlearned


def test_a_wrong_label_is_found_with_the_right_one(make_set, make_classes):
    X, labels = make_classes(60)
    labels[0] = "class 1"
    photos = make_set(X, labels)
    found = find_wrong_labels(photos, score_labels(photos))
    first = found[0]
    assert (first.kind, first.photos, first.label, first.suggested) == (
        "wrong_label", ("class 1/00000.jpg",), "class 1", "class 0"
    )  # fmt: skip
    assert first.score > 0.9
    assert first.gain > 0
    assert first.evidence.startswith(
        "The label is 'class 1', but a classifier that did not see this photo gives 'class 0' a probability of 9"
    )
    assert "%, and 'class 1' " in first.evidence
    assert 0.9 < first.suggested_probability <= first.score + 1e-6
    assert first.evidence.endswith("10 of its 10 nearest photos are 'class 0'.")


def test_labels_that_fit_are_not_listed(make_set, make_classes):
    X, labels = make_classes(60, distance=3)
    photos = make_set(X, labels)
    assert find_wrong_labels(photos, score_labels(photos)) == []


def test_findings_are_sorted_by_certainty(make_set, make_classes):
    X, labels = make_classes(60, distance=0.4)
    photos = make_set(X, labels)
    found = [finding.score for finding in find_wrong_labels(photos, score_labels(photos))]
    assert len(found) > 1
    assert np.all(np.diff(found) <= 1e-6)


def test_a_class_that_is_in_one_unit_or_has_few_photos_is_not_judged(make_set, make_classes):
    X, labels = make_classes(40, distance=0.5)
    units = ["one camera" if n < 40 else str(n) for n in range(120)]
    for photos in (make_set(X, labels, units=units), make_set(X[37:], labels[37:])):
        scores = score_labels(photos)
        assert (scores.own[photos.y == 0] < SUSPICIOUS).any()  # no classifier knows the class
        assert not [finding for finding in find_wrong_labels(photos, scores) if finding.label == "class 0"]
    units[:40] = [f"camera {n % 4}" for n in range(40)]
    labels[50] = "class 0"
    photos = make_set(X, labels, units=units)
    assert [one.label for one in find_wrong_labels(photos, score_labels(photos))][:1] == ["class 0"]


def test_nothing_is_listed_if_most_labels_look_wrong(make_set):
    generator = np.random.default_rng(0)
    labels = [f"class {n}" for n in range(40) for _ in range(5)]
    photos = make_set(generator.normal(size=(200, 30)), labels)
    scores = score_labels(photos)
    (note,) = note_unlearned(scores)
    assert note.code == "labels-not-learned"
    assert "finds its label improbable for " in note.text
    assert find_wrong_labels(photos, scores) == []
    assert note.text in [str(found) for found in find_problems(photos).notes]
