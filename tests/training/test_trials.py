"""Comparisons of methods on photos that none of them was fitted to."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from headstart.catalog.photo import Photo
from headstart.catalog.scan import scan_photos
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.settings import Settings
from headstart.methods.table_head import fit_head_to_table
from headstart.methods.trained_method import TrainedMethod
from headstart.training.trials import (
    Trial,
    ValidationResult,
    can_compare,
    compare_accuracy,
    compare_losses,
    drop_average,
    hold_out_validation,
    judge_by_cross_validation,
    judge_on_validation,
    number_groups,
)


@pytest.fixture(scope="module")
def catalog(paint_folder, tmp_path_factory):
    folder = paint_folder(tmp_path_factory.mktemp("trials") / "photos", ("dots", "stripes"), 16)
    return scan_photos(folder)


def test_photos_are_held_out_if_there_is_no_validation_split(catalog):
    photos = tuple(replace(p, split="train") if p.split == "validation" else p for p in catalog.photos)
    held = hold_out_validation(replace(catalog, photos=photos), seed=0)
    n_train = sum(photo.split == "train" for photo in photos)
    assert len(held.select("validation")) == pytest.approx(0.15 * n_train, abs=1)
    assert held.select("test") == catalog.select("test")
    assert "held out" in held.notes[-1].text


def test_a_difference_by_chance_is_no_gain():
    right = np.ones(50, bool)
    wrong_once = right.copy()
    wrong_once[0] = False
    assert not _is_better(right, right)
    assert not _is_better(right, wrong_once)
    assert not _is_better(wrong_once, right)
    assert _is_better(right, np.arange(50) > 3)


def make_trial(gain, needed):
    return Trial(
        method="hybrid", cut="block_12", features="last", averaged_views=1, accuracy=0.9, judged_by="validation", n=50,
        seconds=1.0, backbone="mobilenet_v2", unit="nats", gain=gain, needed=needed,
    )  # fmt: skip


def _is_better(one, other):
    return make_trial(*compare_accuracy(one, other, 1.0)).is_better


def test_a_negative_number_of_errors_allows_a_loss_that_is_higher_by_noise():
    rng = np.random.default_rng(0)
    other = ValidationResult(np.ones(200, bool), rng.exponential(0.3, 200))
    noise = rng.normal(0, 0.4, 200)

    def is_kept(mean_change, n_errors):
        one = ValidationResult(other.is_right, other.losses + noise - noise.mean() + mean_change)
        gain, needed = compare_losses(one, other, n_errors)
        assert gain == pytest.approx(-mean_change)
        assert needed == pytest.approx(n_errors * 0.4 / 200**0.5, rel=0.1)
        return gain > needed

    assert [is_kept(change, -1.0) for change in (-0.1, 0.01, 0.1)] == [True, True, False]
    assert [is_kept(change, 2.0) for change in (-0.1, -0.03, 0.1)] == [True, False, False]


def test_losses_that_are_nan_are_never_better():
    losses = np.full(20, 0.3)
    one, other = (ValidationResult(losses > 0, losses * factor) for factor in (np.nan, 1))
    assert not make_trial(*compare_losses(one, other, -1.0)).is_better


def test_photos_of_one_unit_count_as_one_fact():
    rng, units = np.random.default_rng(0), np.repeat(np.arange(20), 5)
    losses = np.repeat(rng.normal(size=20), 5) + 1.0
    one, other = ValidationResult(losses > 0, losses, units), ValidationResult(losses > 0, np.full(100, 1.0), units)
    gain, needed = compare_losses(one, other, 1.0)
    assert (gain, needed) == pytest.approx(
        compare_losses(*(ValidationResult(some.is_right[::5], some.losses[::5]) for some in (one, other)), 1.0)
    )
    assert needed > 2 * compare_losses(replace(one, units=None), other, 1.0)[1]
    right = np.ones(100, bool)
    assert compare_accuracy(right, units > 1, 2.0, units) == (10, 15)
    assert compare_accuracy(right, units > 1, 2.0) == (10, 7)


def test_groups_are_numbered_if_all_photos_were_judged():
    photos = tuple(Photo(f"{n}.jpg", "a", digest=f"{n:064x}", split="train", group="xxyz"[n]) for n in range(4))
    X = np.zeros((4, 1), np.float32)
    split = SplitFeatures(photos, X, np.zeros(4, np.int64), X[None])
    first, second, *others = number_groups(split, 4).tolist()
    assert first == second
    assert sorted([second, *others]) == [0, 1, 2]
    assert number_groups(split, 3) is None
    alone = tuple(replace(photo, group="") for photo in photos)
    assert number_groups(replace(split, photos=alone), 4) is None


def test_one_photo_is_never_enough():
    one, other = (ValidationResult(np.array([loss < 1]), np.array([loss])) for loss in (0.1, 3.0))
    assert compare_losses(one, other, 2.0) == (pytest.approx(2.9), np.inf)


def test_a_gain_must_exceed_the_standard_errors():
    right = np.ones(20, bool)
    assert compare_accuracy(right, np.arange(20) >= 4, 2.0) == (4, 5)  # 2 times the root of 4 is no more than noise


def test_a_comparison_needs_photos_of_every_class(catalog):
    def hold_out(n_dots, n_stripes):
        left = {"dots": n_dots, "stripes": n_stripes}
        photos = []
        for photo in catalog.photos:
            left[photo.label] -= 1
            photos.append(replace(photo, split="validation" if left[photo.label] >= 0 else "train"))
        return replace(catalog, photos=tuple(photos))

    assert can_compare(hold_out(10, 10))
    assert not can_compare(hold_out(10, 9))
    assert not can_compare(hold_out(16, 0))
    assert not can_compare(hold_out(0, 0))


def make_trained(catalog, views):
    rows = SplitFeatures((), views.mean(0), np.tile([0, 1, 0, 1], views.shape[1] // 4), views)
    table = FeatureTable(
        catalog=catalog, splits={"validation": rows}, n_averaged=len(views), image_size=96, precision="f32",
        n_extracted=0, n_cached=0,
    )  # fmt: skip
    settings = Settings(method="hybrid", average_views=True, n_views=len(views))
    fitted = SimpleNamespace(head=SimpleNamespace(scores=lambda X: X))
    return TrainedMethod(settings=settings, cut="block_12", backbone=None, table=table, fitted=fitted)


def flip(*wrong):
    """Return the classes of 40 photos, those of the numbers ``wrong`` turned round."""
    y = np.tile([0, 1], 20)
    y[list(wrong)] = 1 - y[list(wrong)]
    return y


@pytest.mark.parametrize(
    ("first", "second", "is_kept"),
    [
        (flip(3, 7), flip(), True), (flip(3), flip(*range(12)), False),
        (flip(0, 1, 2), flip(3, 4, 5, 6), True),  # worse by one photo of 40: noise
    ],
)  # fmt: skip
def test_averaging_over_views_is_kept_unless_it_is_worse_by_more_than_noise(catalog, first, second, is_kept):
    views = np.stack([np.eye(2)[first], 3 * np.eye(2)[second]]).astype(np.float32)
    trained = drop_average(make_trained(catalog, views))
    assert (trained.table.n_averaged, trained.settings.average_views) == ((2, True) if is_kept else (1, False))
    assert trained.table.splits["validation"].X.tolist() == (views.mean(0) if is_kept else views[0]).tolist()


def test_losses_are_those_of_calibrated_scores(catalog):
    views = np.tile(np.eye(2, dtype=np.float32)[[0, 1, 0, 0]][None], (1, 50, 1))
    plain, bold = (judge_on_validation(make_trained(catalog, views * factor)) for factor in (1, 2))
    assert plain.is_right.tolist() == bold.is_right.tolist() == [True, True, True, False] * 50
    assert bold.losses.mean() == pytest.approx(plain.losses.mean(), rel=0.01)


@pytest.mark.parametrize("n_views", [1, 2])
def test_the_heads_that_chose_the_strength_judge_as_new_ones_would(catalog, n_views):
    random = np.random.default_rng(0)
    y = np.arange(300) % 2
    views = (random.normal(size=(n_views, 300, 20)) + 0.3 * y[:, None]).astype(np.float32)
    photos = tuple(Photo(f"{n}.jpg", "ab"[y[n]], digest=f"{n:064x}", split="train") for n in range(300))
    nothing = SplitFeatures((), views[0, :0], y[:0], views[:, :0])
    table = FeatureTable(
        catalog=catalog,
        splits={"train": SplitFeatures(photos, views.mean(0), y, views), "validation": nothing, "test": nothing},
        n_averaged=n_views, image_size=96, precision="f32", n_extracted=0, n_cached=0,
    )  # fmt: skip
    settings = Settings(method="fixed").settle()
    fitted = fit_head_to_table(table, settings)
    known, anew = (judge_by_cross_validation(table, settings, choice) for choice in (fitted.choice, None))
    assert fitted.choice.held_out is not None
    assert len(known) == len(anew) == 300
    assert (known != anew).mean() < 0.01  # each fit starts elsewhere, and stops at a tolerance
