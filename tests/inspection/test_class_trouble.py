"""Trouble with classes: two names for one class, one name for two, too few photos; clean sets have none."""

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.inspection.class_trouble import find_class_trouble
from headstart.inspection.label_scores import score_labels


def guess(photos):
    return score_labels(photos).plain_probabilities


def find(make_set, X, labels, **rest):
    photos = make_set(X, labels, **rest)
    return find_class_trouble(photos, guess(photos))


def test_a_clean_set_has_no_trouble(make_set, make_classes):
    assert find(make_set, *make_classes(120, 4, distance=0.5)) == []
    assert find_class_trouble(make_set(*make_classes(60, 2))) == []


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.5, 0.3])
def test_a_class_with_two_names_is_found(make_set, make_classes, seed, share):
    X, labels = make_classes(120, 3, seed=seed)
    renamed = np.random.default_rng(seed + 50).choice(120, int(120 * share), replace=False)
    for n in renamed:
        labels[n] = "other name"
    (found,) = find(make_set, X, labels)
    assert found.kind == "same_classes"
    assert {found.label, found.suggested} == {"class 0", "other name"}
    assert found.score > 0.7
    assert found.evidence.startswith(
        f"The photos of '{found.label}' and '{found.suggested}' can hardly be told apart: given one photo of each, a "
    )
    assert {photo.split("/")[0] for photo in found.photos} == {"class 0", "other name"}
    assert len(found.photos) == 8


def test_classes_that_are_often_confused_but_differ_are_not_one(make_set, make_classes):
    assert find(make_set, *make_classes(150, 2, distance=0.25)) == []


@pytest.mark.parametrize("n_each", [1, 2, 4, 9])
def test_few_photos_do_not_show_that_two_classes_are_one(make_set, make_classes, n_each):
    X, labels = make_classes(n_each, 6, distance=0)
    photos = make_set(X, labels)
    probabilities = np.full((len(labels), 6), 1 / 6, np.float32)
    assert {finding.kind for finding in find_class_trouble(photos, probabilities)} == {"few_photos"}


def test_of_many_confused_classes_the_most_confused_pairs_are_compared(make_set, make_classes, monkeypatch):
    X, labels = make_classes(12, 8, distance=0)
    photos = make_set(X, labels)
    every = [one for one in find_class_trouble(photos, guess(photos)) if one.kind == "same_classes"]
    monkeypatch.setattr("headstart.inspection.class_trouble.MOST_PAIRS", 5)
    some = [one for one in find_class_trouble(photos, guess(photos)) if one.kind == "same_classes"]
    assert len(some) == 5 < len(every)


def test_photos_without_probabilities_do_not_count(make_set, make_classes):
    X, labels = make_classes(100, 3)
    for n in range(0, 100, 2):
        labels[n] = "other name"
    photos = make_set(X, labels)
    probabilities = guess(photos).copy()
    probabilities[:10] = np.nan
    assert [finding.kind for finding in find_class_trouble(photos, probabilities)] == ["same_classes"]


def test_a_class_of_two_kinds_is_found(make_set, make_classes):
    X, labels = make_classes(120, 4)
    labels = [{"class 3": "class 2"}.get(label, label) for label in labels]
    (found,) = find(make_set, X, labels)
    assert (found.kind, found.label) == ("split_class", "class 2")
    assert found.evidence.startswith(
        "The photos of 'class 2' form two clusters, of 50% and 50% of them, with few photos"
    )
    sides = [int(photo[-9:-4]) >= 360 for photo in found.photos]
    assert sides in ([False] * 4 + [True] * 4, [True] * 4 + [False] * 4)


def test_a_series_of_near_copies_is_no_second_kind(make_set, make_classes):
    X, labels = make_classes(100, 2)
    X[:40] = np.random.default_rng(9).normal(0, 3, 40)
    photos = make_set(X, labels)
    assert [finding.kind for finding in find_class_trouble(photos)] == ["split_class"]
    units = ["series" if n < 40 else str(n) for n in range(200)]
    assert find_class_trouble(make_set(X, labels, units=units)) == []


def test_classes_with_too_few_photos_are_named(make_set, make_classes):
    X, labels = make_classes(300, 3)
    X = np.vstack([X, np.eye(40)[:31]])
    found = find_class_trouble(make_set(X, [*labels, *["rare"] * 4, *["seldom"] * 27]))
    assert [(finding.kind, finding.label) for finding in found] == [("few_photos", "rare"), ("few_photos", "seldom")]
    assert found[0].evidence == "The class has 4 photos; half of the classes have 300 or more."
    assert len(found[0].photos) == 4
    assert find_class_trouble(make_set(X[-31:], ["a"] * 15 + ["b"] * 16)) == []


@pytest.mark.parametrize(
    ("sizes", "evidence"),
    [
        ((18, 4), "The class has 4 photos; the other class has 18."),
        ((18, 18, 30, 4), "The class has 4 photos; half of the classes have 18 or more."),
        ((4, 20, 30, 40), "The class has 4 photos; half of the classes have 30 or more."),
        ((4,), "The class has 4 photos."),
    ],
)
def test_a_small_class_is_compared_with_numbers_that_classes_have(make_set, sizes, evidence):
    labels = [f"class {n}" for n, size in enumerate(sizes) for _ in range(size)]
    (found,) = find_class_trouble(make_set(np.eye(len(labels)), labels))
    assert found.evidence == evidence


def test_many_classes_with_too_few_photos_are_one_finding(make_set):
    (found,) = find_class_trouble(make_set(np.eye(40), [f"class {n % 10}" for n in range(40)]))
    assert (found.kind, found.label, found.photos) == ("few_photos", None, ())
    assert found.evidence == (
        "10 of 10 classes have too few photos to learn and to test them, such as 'class 0' with 4 photos."
    )


def test_clusters_in_lower_stages_alone_are_no_two_classes(make_set, make_classes):
    X, labels = make_classes(100, 2)
    n_last = load_backbone().spec.n_features
    light = np.repeat([[0.0], [30.0]], 100, 0)[np.random.default_rng(0).permutation(200)]
    wide = np.hstack([light * np.ones((1, 20)), np.pad(X, ((0, 0), (0, n_last - X.shape[1])))])
    setup = BackboneSetup(load_backbone(), 224)
    found = find_class_trouble(make_set(wide, labels, setup=setup))
    assert [one.kind for one in found] == []
    assert "split_class" in [one.kind for one in find_class_trouble(make_set(wide, labels))]
