"""The head of the file is fitted again, to photos that the first fit left out."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import SPLITS, Photo
from headstart.methods import final_head
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.final_head import fit_final_head
from headstart.methods.head_fitting import fit_head
from headstart.methods.settings import Settings

GENERATOR = np.random.default_rng(0)
PLAIN = Settings(method="fixed")


def make_table(sizes=(60, 20, 20), n_views=1, n_rare=None):
    splits, photos = {}, []
    for split, n in zip(SPLITS, sizes, strict=True):
        y = np.arange(n) % 2
        if n_rare is not None and split == "train":
            y = (np.arange(n) < n_rare).astype(int)
        views = GENERATOR.normal(size=(n_views, n, 8)).astype(np.float32) + y[:, None].astype(np.float32)
        some = tuple(Photo(f"{split}{i}.jpg", "ab"[y[i]], digest=f"{split}{i}", split=split) for i in range(n))
        splits[split] = SplitFeatures(some, views[0], y, views)
        photos += some
    return FeatureTable(
        catalog=Catalog(tuple(photos)), splits=splits, n_averaged=1, image_size=224, precision="f32",
        n_extracted=0, n_cached=0,
    )  # fmt: skip


def fit_first(table, **options):
    train = table.splits["train"]
    return fit_head(train.views, train.y, 2, **options)


def fit_to(table, *names, strength):
    parts = [table.splits[name] for name in names]
    views, y = np.concatenate([part.views for part in parts], 1), np.concatenate([part.y for part in parts])
    return fit_head(views, y, 2, strength=strength).head


@pytest.mark.parametrize(
    ("fit_on", "head", "judged"),
    [
        (None, ("train", "validation"), ("train", "validation")),
        ("train+validation", ("train", "validation"), ("train", "validation")),
        ("all", SPLITS, ("train", "validation")),
    ],
)
def test_the_head_is_fitted_to_more_splits_with_the_same_strength(fit_on, head, judged):
    table = make_table(n_views=2)
    fitted = fit_first(table)
    final = fit_final_head(table, replace(PLAIN, fit_on=fit_on), fitted)
    assert final.splits == tuple(head)
    expected = fit_to(table, *head, strength=fitted.strength)
    np.testing.assert_array_equal(final.head.weights, expected.weights)
    np.testing.assert_array_equal(
        final.judged.weights, fit_to(table, *judged, strength=fitted.strength).weights
    )  # fmt: skip


def test_only_a_logistic_head_with_more_photos_is_fitted_again():
    table = make_table()
    fitted = fit_first(table)
    assert fit_final_head(table, replace(PLAIN, fit_on="train"), fitted) is None
    assert fit_final_head(make_table((60, 0, 20)), PLAIN, fitted) is None
    adam = fit_first(table, kind="adam", epochs=1)
    assert fit_final_head(table, replace(PLAIN, head="adam"), adam) is None


def test_without_validation_photos_the_test_photos_are_judged_by_the_first_head():
    table = make_table((60, 0, 20))
    fitted = fit_first(table)
    final = fit_final_head(table, replace(PLAIN, fit_on="all"), fitted)
    assert final.splits == ("train", "test")
    assert final.judged is fitted.head


def test_very_many_photos_are_fitted_again_only_on_request(monkeypatch):
    table = make_table()
    fitted = fit_first(table)
    monkeypatch.setattr(final_head, "MAX_SCORES", 159)
    assert fit_final_head(table, PLAIN, fitted) is None
    assert fit_final_head(table, replace(PLAIN, fit_on="train+validation"), fitted) is not None


def test_class_weights_are_those_of_the_joined_photos():
    table = make_table((60, 60, 20), n_rare=10)
    fitted = fit_first(table)
    assert fitted.class_weight is not None
    final = fit_final_head(table, PLAIN, fitted)
    np.testing.assert_array_equal(final.class_weight, [0.75, 1.5])  # 80 and 40 photos: `auto` alone would not balance


def test_scaling_keeps_one_head_if_both_are_the_same():
    table = make_table()
    final = fit_final_head(table, PLAIN, fit_first(table))
    doubled = final.scale(2.0)
    assert doubled.judged is doubled.head
    np.testing.assert_array_equal(doubled.head.weights, 2 * final.head.weights)


@pytest.mark.parametrize(("n_rare", "is_balanced"), [(14, True), (15, False)])
def test_the_second_fit_balances_the_classes_if_and_only_if_the_first_did(n_rare, is_balanced):
    table = make_table((60, 60 if is_balanced else 0, 40), n_rare=n_rare)
    if not is_balanced:  # all photos together are skewed by more than 3, the training photos are not
        test = table.splits["test"]
        table.splits["test"] = replace(test, y=np.zeros_like(test.y))
    fitted = fit_first(table)
    assert (fitted.class_weight is not None) == is_balanced
    final = fit_final_head(table, replace(PLAIN, fit_on="all"), fitted)
    assert (final.class_weight is not None) == is_balanced
    if is_balanced:
        assert not np.allclose(final.class_weight, fitted.class_weight)
