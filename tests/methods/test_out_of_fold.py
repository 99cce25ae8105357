"""Scores of training and validation photos, by heads that were fitted without them."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.head.linear import LinearHead
from headstart.methods import out_of_fold
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.head_fitting import FittedHead
from headstart.methods.out_of_fold import has_folds, predict_out_of_fold
from headstart.methods.settings import Settings
from headstart.methods.table_head import fit_head_to_table
from headstart.methods.trained_method import TrainedMethod

GENERATOR = np.random.default_rng(0)
N = 120


@pytest.fixture
def make_trained():
    def make(strength=10.0, n_copies=1):
        labels = GENERATOR.integers(0, 2, N // n_copies)
        noise = GENERATOR.normal(size=(len(labels), 60)).astype(np.float32)
        X, y = np.tile(noise, (n_copies, 1)), np.tile(labels, n_copies)
        photos = [
            Photo(
                f"{n}.jpg", "ab"[y[n]], digest=f"{n:064x}", split="validation" if n % 4 == 0 else "train",
                near_copies=f"{n % len(labels)}" if n_copies > 1 else None,
            )
            for n in range(len(y))
        ]  # fmt: skip
        splits = {}
        for split in ("train", "validation", "test"):
            at = [n for n, photo in enumerate(photos) if photo.split == split]
            splits[split] = SplitFeatures(tuple(photos[n] for n in at), X[at], y[at], X[at][None])
        table = FeatureTable(
            catalog=Catalog(tuple(photos)), splits=splits, n_averaged=1, image_size=224, precision="f32",
            n_extracted=N, n_cached=0,
        )  # fmt: skip
        head = LinearHead(GENERATOR.normal(size=(60, 2)).astype(np.float32), np.zeros(2, np.float32))
        fitted = FittedHead(head=head, history=(), strength=strength, class_weight=None)
        return TrainedMethod(
            settings=Settings(method="fixed"), cut="head", backbone=load_backbone(), table=table, fitted=fitted
        )

    return make


def test_every_training_and_validation_photo_is_scored_once(make_trained):
    trained = make_trained()
    held = predict_out_of_fold(trained)
    assert not held.is_validation
    assert sorted(photo.file for photo in held.photos) == sorted(f"{n}.jpg" for n in range(N))
    assert held.scores.shape == (N, 2)


def test_labels_without_a_pattern_are_predicted_at_chance_even_if_each_photo_has_near_copies(make_trained):
    held = predict_out_of_fold(make_trained(n_copies=4))
    assert (held.scores.argmax(1) == held.y).mean() < 0.75


def test_a_head_without_a_strength_scores_the_validation_photos(make_trained):
    trained = make_trained(strength=None)
    assert not has_folds(trained)
    held = predict_out_of_fold(trained)
    assert held.is_validation
    assert held.photos == trained.table.splits["validation"].photos
    assert np.array_equal(held.scores, trained.fitted.head.scores(trained.table.splits["validation"].X))


def choose_strength(trained):
    return replace(trained, fitted=fit_head_to_table(trained.table, trained.settings))


def test_heads_that_chose_the_strength_score_the_photos_and_none_is_fitted_anew(make_trained, monkeypatch):
    trained = choose_strength(make_trained())
    anew = predict_out_of_fold(replace(trained, fitted=replace(trained.fitted, choice=None)))
    monkeypatch.setattr(out_of_fold, "predict_held_out", None)
    held = predict_out_of_fold(trained)
    assert not held.is_validation
    assert sorted(photo.file for photo in held.photos) == sorted(photo.file for photo in anew.photos)
    validation = trained.table.splits["validation"]
    n_train = N - len(validation.photos)
    np.testing.assert_array_equal(held.scores[n_train:], trained.fitted.head.scores(validation.X))
    np.testing.assert_array_equal(held.scores[:n_train], trained.fitted.choice.held_out.scores)
    assert (held.scores.argmax(1) == held.y).mean() < 0.75  # the labels have no pattern


def test_scores_are_those_of_the_mean_over_the_averaged_views(make_trained):
    plain = make_trained()
    splits = {
        name: replace(part, views=np.stack([part.X, 3 * part.X]), X=2 * part.X)
        for name, part in plain.table.splits.items()
    }
    trained = choose_strength(replace(plain, table=replace(plain.table, splits=splits, n_averaged=2)))
    held, rows = predict_out_of_fold(trained), trained.fitted.choice.held_out.scores
    n_train = len(splits["train"].photos)
    np.testing.assert_allclose(held.scores[:n_train], (rows[:n_train] + rows[n_train:]) / 2, rtol=1e-5, atol=1e-6)


def test_heads_are_fitted_anew_if_near_copies_are_in_both_splits(make_trained):
    trained = choose_strength(make_trained(n_copies=4))
    fitted = fit_head_to_table(trained.table, replace(trained.settings, strength=10.0))  # memorises the labels
    held = predict_out_of_fold(replace(trained, fitted=replace(fitted, choice=trained.fitted.choice)))
    is_right = held.scores.argmax(1) == held.y
    assert is_right[[photo.split == "validation" for photo in held.photos]].mean() < 0.75
    assert len(held.photos) == N


def test_class_weights_are_those_of_the_scored_photos_if_the_head_has_some(make_trained, monkeypatch):
    seen = []
    prepare_views = out_of_fold.prepare_views
    monkeypatch.setattr(
        out_of_fold, "prepare_views", lambda *a, **k: seen.append(k["class_weight"]) or prepare_views(*a, **k)
    )
    trained = make_trained()
    predict_out_of_fold(trained)
    predict_out_of_fold(replace(trained, fitted=replace(trained.fitted, class_weight=np.array([1.0, 7.0]))))
    y = np.concatenate([trained.table.splits[split].y for split in ("train", "validation")])
    assert seen[0] is None
    np.testing.assert_allclose(seen[1], N / (2 * np.bincount(y)))
