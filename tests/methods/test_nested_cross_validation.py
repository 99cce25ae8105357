"""Cross-validation over the training, validation and test photos of a trained method."""

import json
from dataclasses import replace

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.evaluation.intervals import wilson_interval
from headstart.head.linear import LinearHead
from headstart.methods import nested_cross_validation
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.head_fitting import FittedHead
from headstart.methods.nested_cross_validation import cross_validate_nested
from headstart.methods.settings import Settings
from headstart.methods.trained_method import TrainedMethod

SPLITS = ("train", "validation", "test")


def make_trained(y, *, shift=2.0, groups=None, n_views=1, strength=0.1, weight=1.0):
    generator = np.random.default_rng(0)
    X = (generator.normal(size=(len(y), 20)) + shift * np.eye(20)[y]).astype(np.float32)
    photos = tuple(
        Photo(
            f"{n}.jpg", "abcd"[label], digest=f"{n:064x}", split=SPLITS[(0, 0, 1, 2)[n % 4]],
            group=None if groups is None else str(groups[n]), weight=weight,
        )
        for n, label in enumerate(y)
    )  # fmt: skip
    splits = {}
    for split in SPLITS:
        at = [n for n, photo in enumerate(photos) if photo.split == split]
        views = np.stack([X[at] + 0.1 * view for view in range(n_views)]).astype(np.float32)
        splits[split] = SplitFeatures(tuple(photos[n] for n in at), views.mean(0), np.asarray(y)[at], views)
    table = FeatureTable(
        catalog=Catalog(photos), splits=splits, n_averaged=n_views, image_size=224, precision="f32",
        n_extracted=len(y), n_cached=0,
    )  # fmt: skip
    n_classes = len(table.catalog.labels)
    head = LinearHead(np.zeros((20, n_classes), np.float32), np.zeros(n_classes, np.float32))
    return TrainedMethod(
        settings=Settings(method="fixed"), cut="head", backbone=load_backbone(), table=table,
        fitted=FittedHead(head=head, history=(), strength=strength, class_weight=None),
    )  # fmt: skip


def judge(*arguments):
    return cross_validate_nested(*arguments).measures


@pytest.mark.parametrize("n_views", [1, 3])
def test_all_photos_are_judged_once(n_views):
    record = judge(make_trained([0, 1, 2] * 30, n_views=n_views))
    assert (record["n"], record["n_folds"], record["n_repeats"], record["is_nested"]) == (90, 5, 1, True)
    low, high = record["accuracy_ci95"]
    assert 0.6 < low < record["accuracy"] < high <= 1
    assert {name: row["support"] for name, row in record["per_class"].items()} == {"a": 30, "b": 30, "c": 30}
    assert json.loads(json.dumps(record)) == record


def test_the_intervals_are_wider_than_those_of_independent_answers():
    record = judge(make_trained([0, 1, 2] * 30, shift=1.0))
    factor = nested_cross_validation.VARIANCE_FACTOR
    assert factor > 1
    for row, share, n in (
        (record["accuracy_ci95"], record["accuracy"], 90),
        (record["per_class"]["a"]["recall_ci95"], record["per_class"]["a"]["recall"], 30),
    ):
        assert row == pytest.approx(list(wilson_interval(share * n / factor, n / factor)))


def test_random_labels_score_at_chance_and_the_interval_holds_it():
    record = judge(make_trained(np.random.default_rng(1).integers(0, 2, 160), shift=0.0))
    low, high = record["accuracy_ci95"]
    assert low < 0.5 < high


def test_photos_of_one_group_are_judged_without_each_other():
    """Every group has one label, chosen at random: with its own photos in training, a head would know the group."""
    generator = np.random.default_rng(2)
    groups = np.repeat(np.arange(20), 8)
    y = np.tile([0, 1], 10)[groups]
    trained = make_trained(y, shift=0.0, groups=groups)
    centres = generator.normal(0, 3, (20, 20)).astype(np.float32)
    of_photo = {str(n): centres[n] for n in range(20)}
    splits = {}
    for split, part in trained.table.splits.items():
        X = part.X + np.array([of_photo[photo.group] for photo in part.photos])
        splits[split] = replace(part, X=X, views=X[None])
    known = replace(trained, table=replace(trained.table, splits=splits))
    assert judge(known)["accuracy"] < 0.8


def test_a_class_of_one_photo_is_not_judged():
    record = judge(make_trained([*[0, 1] * 30, 2]))
    assert record["n"] == 60
    assert record["per_class"]["c"]["support"] == 0


def test_there_is_none_if_only_one_class_can_be_judged():
    assert cross_validate_nested(make_trained([0, 1, 0, 0])) is None


def test_there_is_none_without_a_strength():
    assert cross_validate_nested(make_trained([0, 1] * 30, strength=None)) is None


@pytest.mark.parametrize("limit", ["MANY_SCORES", "MAX_HEADS_SIZE"])
def test_for_many_scores_the_strength_of_the_trained_head_is_taken(monkeypatch, limit):
    monkeypatch.setattr(nested_cross_validation, limit, 1)
    record = judge(make_trained([0, 1] * 30))
    assert not record["is_nested"]
    assert record["n"] == 60


def test_weights_of_photos_are_used_in_the_fits_and_progress_is_told():
    calls: list[tuple[int, int]] = []
    record = judge(make_trained([0, 1] * 30, weight=2.0), lambda *at: calls.append(at))
    assert record["n"] == 60
    assert calls[0] == (1, 11)


def test_heads_have_the_given_strength():
    y = np.random.default_rng(3).integers(0, 2, 120)
    trained = make_trained(y, shift=1.0, strength=100.0)
    record = judge(replace(trained, settings=Settings(method="fixed", strength=100.0)))
    assert not record["is_nested"]
    assert record["n"] == 120
    assert record["loss"] > 1.2 * judge(trained)["loss"]


def test_the_loss_is_that_after_the_factor_of_the_confidence():
    trained = make_trained([0, 1] * 60, shift=1.0)
    trained = replace(trained, settings=Settings(method="fixed", strength=0.1))
    plain, flat = judge(trained), judge(replace(trained, confidence={"factor": 1e-3}))
    assert flat["loss"] == pytest.approx(np.log(2), abs=1e-2)
    assert plain["loss"] < 0.9 * flat["loss"]
    assert flat["accuracy"] == plain["accuracy"]
    assert sum(row["n"] for row in flat["calibration_bins"]) == 120
    assert flat["expected_calibration_error"] == pytest.approx(plain["accuracy"] - 0.5, abs=1e-2)


def test_each_head_gets_a_factor_of_its_own():
    """One photo of a rare class counts so much that the heads are regularised strongly: their answers are timid."""
    y = [0, 1] * 60 + [2] * 3
    trained = make_trained(y, shift=3.0)
    weights = 123 / 3 / np.bincount(y)
    trained = replace(trained, fitted=replace(trained.fitted, class_weight=weights), confidence={"factor": 1e-3})
    record = judge(trained)
    assert record["accuracy"] > 0.9
    assert record["expected_calibration_error"] < 0.12
    assert record["loss"] < 0.4


def test_classes_are_balanced_if_the_trained_head_was():
    y = [0, 0, 0, 0, 1] * 24  # larger by more than 3: "auto" would balance
    trained = make_trained(y, shift=1.0)
    weights = np.array([0.625, 2.5])
    balanced = replace(trained, fitted=replace(trained.fitted, class_weight=weights))
    few, many = (judge(some)["per_class"]["b"]["recall"] for some in (trained, balanced))
    assert many > few + 0.1
