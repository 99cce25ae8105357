"""Photos to look at, by what a training knows."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo, Skip
from headstart.features.near_copies import CopyPair
from headstart.features.near_copy_groups import group_near_copies
from headstart.head.label_noise import LabelNoise
from headstart.inspection.training_findings import find_unlikely_labels, list_held_out, list_photos_to_look_at
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.held_out_scores import OutOfFold
from headstart.methods.split_metrics import SplitPredictions

LABELS = ("cats", "dogs")
NONE = LabelNoise(0.0, 0.0, np.zeros(60))


class Measures:
    """Stands for the measures of an extraction: good photos, and dark ones."""

    def __init__(self, dark=()):
        self.dark = set(dark)

    def get_measures(self, photos):
        generator = np.random.default_rng(0)
        rows = np.tile(np.array([10, 230, 500, 120, 120, 30, 120, 20], np.float32), (len(photos), 1))
        rows[:, 2] *= np.exp(generator.normal(0, 0.5, len(photos)))
        for row, photo in zip(rows, photos, strict=True):
            if photo.digest in self.dark:
                row[:2] = 0, 5
        return rows


def make_photos(n=60, split="train"):
    return tuple(
        Photo(f"p/{LABELS[i % 2]}/{i:03}.jpg", LABELS[i % 2], digest=f"{split}{i:04}", split=split) for i in range(n)
    )


def make_table(n=60, skipped=()):
    splits = {}
    for split in ("train", "validation", "test"):
        photos = make_photos(n, split)
        X = np.random.default_rng(1).normal(size=(n, 4)).astype(np.float32)
        splits[split] = SplitFeatures(photos, X, np.arange(n) % 2, X[None])
    catalog = Catalog(tuple(photo for part in splits.values() for photo in part.photos), skipped=tuple(skipped))
    return FeatureTable(
        catalog=catalog, splits=splits, n_averaged=1, image_size=96, precision="f32", n_extracted=0, n_cached=0
    )


def make_held(n=60, *, own=2.0, wrong=()):
    y = np.arange(n) % 2
    scores = np.where(np.eye(2)[y] > 0, own, -own) * np.random.default_rng(0).uniform(0.3, 1, (n, 1))
    scores[list(wrong)] *= -1
    return OutOfFold(photos=make_photos(n), y=y, scores=scores.astype(np.float32), is_validation=False)


def test_an_unlikely_label_is_a_finding_with_the_other_class():
    (finding,) = find_unlikely_labels(make_held(own=3.0, wrong=[7]), LABELS, NONE)
    assert (finding.kind, finding.photos, finding.label, finding.suggested) == (
        "wrong_label", ("p/dogs/007.jpg",), "dogs", "cats"
    )  # fmt: skip
    assert 0.95 < finding.score < 1
    assert finding.evidence == (
        "The label is 'dogs', but a classifier that did not see this photo gives 'cats' a "
        "probability of 99%, and 'dogs' 1%."
    )


def test_a_label_with_a_probability_of_a_tenth_is_listed_only_if_labels_are_known_to_be_wrong():
    held = make_held(own=1.0, wrong=[7])
    assert find_unlikely_labels(held, LABELS, NONE) == []
    noise = LabelNoise(0.1, 1.0, np.where(np.arange(60) == 7, 0.8, np.linspace(0.1, 0.2, 60)))
    (finding,) = find_unlikely_labels(held, LABELS, noise)
    assert finding.photos == ("p/dogs/007.jpg",)
    listed = find_unlikely_labels(held, LABELS, replace(noise, gain=9.0))  # 6 wrong labels are told, so 6 are listed
    assert [finding.photos[0][-7:-4] for finding in listed] == ["007", "055", "056", "057", "058", "059"]


def test_a_photo_that_fits_no_class_is_not_a_wrong_label():
    scores = np.zeros((1, 40), np.float32)
    held = OutOfFold(photos=make_photos(1), y=np.zeros(1, np.int64), scores=scores, is_validation=False)
    assert find_unlikely_labels(held, tuple(map(str, range(40))), LabelNoise(0.0, 0.0, np.zeros(1))) == []


def test_wrong_labels_are_counted_and_come_before_poor_photos():
    held = make_held(300, own=4.0, wrong=range(30))
    record = list_photos_to_look_at(make_table(), held, None, Measures(["test0003"]))
    assert record["counts"] == {"wrong_label": 30, "dark": 1} or record["counts"] == {"wrong_label": 30, "blank": 1}
    assert (record["n"], record["n_judged"]) == (31, 300)
    assert record["labels_that_look_wrong"] == pytest.approx(30, rel=0.2)
    assert len(record["first"]) == 9
    assert {finding["kind"] for finding in record["first"]} == {"wrong_label"}


def test_a_few_mistakes_are_no_sign_of_wrong_labels():
    record = list_photos_to_look_at(make_table(), make_held(300, own=3.0, wrong=[5]), None, None)
    assert (record["counts"], record["labels_that_look_wrong"]) == ({"wrong_label": 1}, 0)


def test_if_all_is_well_nothing_is_listed():
    record = list_photos_to_look_at(make_table(), make_held(), group_near_copies([], 180), Measures())
    assert record == {"n": 0, "counts": {}, "labels_that_look_wrong": 0, "n_judged": 60, "first": []}


def test_only_near_copies_with_several_labels_are_listed():
    pairs = [CopyPair("train0000", "train0001", 0.9, None), CopyPair("train0002", "train0004", 0.9, None)]
    record = list_photos_to_look_at(make_table(), None, group_near_copies(pairs, 180), None)
    assert record["counts"] == {"near_copy": 1}
    (finding,) = record["first"]
    assert set(finding["photos"]) == {"p/cats/000.jpg", "p/dogs/001.jpg"}
    assert finding["suggested"] is not None


def test_files_left_out_are_listed_if_they_are_broken_or_have_several_labels():
    reasons = {
        "a.jpg": "identical photos have different labels ('cats', but 'dogs' as b.jpg)",
        "c.jpg": "identical to a training photo (d.jpg)", "e.jpg": "damaged",
    }  # fmt: skip
    folder = make_photos(1)[0].path
    table = make_table(
        skipped=[Skip(folder.with_name(name), text, f"digest of {name}") for name, text in reasons.items()]
    )
    record = list_photos_to_look_at(table, None, None, None)
    assert [(finding["kind"], finding["photos"], finding["label"]) for finding in record["first"]] == [
        ("copy", ["p/cats/a.jpg"], "cats"), ("unreadable", ["p/cats/e.jpg"], "cats"),
    ]  # fmt: skip
    assert [finding["digests"] for finding in record["first"]] == [["digest of a.jpg"], ["digest of e.jpg"]]


def test_without_cross_validation_the_held_out_splits_are_judged():
    table = make_table(10)
    predictions = {
        split: SplitPredictions(part, np.tile(np.array([[0.99, 0.01]], np.float32), (10, 1)))
        for split, part in table.splits.items()
    }
    held = list_held_out(predictions, LABELS)
    assert [photo.digest[:4] for photo in held.photos] == ["vali"] * 10 + ["test"] * 10
    assert len(find_unlikely_labels(held, LABELS, LabelNoise(0.0, 0.0, np.zeros(20)))) == 10
    empty = replace(table.splits["test"], photos=(), X=np.zeros((0, 4)), y=np.zeros(0, int), views=np.zeros((1, 0, 4)))
    nothing = SplitPredictions(empty, np.zeros((0, 2), np.float32))
    assert list_held_out(predictions | {"validation": nothing, "test": nothing}, LABELS) is None
