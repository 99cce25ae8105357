"""Methods are compared on photos that none of them was fitted to."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from headstart.catalog.scan import scan_photos
from headstart.training.making import Made
from headstart.training.settings import Settings
from headstart.training.table import Rows, Table
from headstart.training.trials import Trial, can_compare, compare, drop_average, hold_out_validation


@pytest.fixture(scope="module")
def catalog(paint_folder, tmp_path_factory):
    folder = paint_folder(tmp_path_factory.mktemp("trials") / "photos", ("dots", "stripes"), 16)
    return scan_photos(folder)


def test_photos_are_held_out_where_there_is_no_validation_split(catalog):
    photos = tuple(replace(p, split="train") if p.split == "validation" else p for p in catalog.photos)
    held = hold_out_validation(replace(catalog, photos=photos), seed=0)
    n_train = sum(photo.split == "train" for photo in photos)
    assert len(held.select("validation")) == pytest.approx(0.15 * n_train, abs=1)
    assert held.select("test") == catalog.select("test")
    assert "held out" in held.notes[-1]


def test_differences_by_chance_are_none():
    right = np.ones(50, bool)
    wrong_once = right.copy()
    wrong_once[0] = False
    assert not _is_better(right, right)
    assert not _is_better(right, wrong_once)
    assert not _is_better(wrong_once, right)
    assert _is_better(right, np.arange(50) > 3)


def _is_better(one, other):
    trial = Trial("hybrid", "block_12", "last", 1, 0.9, "validation", 50, 1.0, *compare(one, other, 1.0))
    return trial.is_better


def test_what_need_not_be_better_may_not_be_worse():
    right = np.ones(20, bool)
    for n_wrong in (1, 5, 20):
        assert compare(np.arange(20) >= n_wrong, right, 0.0) == (-n_wrong, 0)
    assert compare(right, right, 0.0) == (0, 0)


def test_it_takes_more_than_the_standard_errors():
    right = np.ones(20, bool)
    assert compare(right, np.arange(20) >= 4, 2.0) == (4, 5)  # 2 times the root of 4 is no more than noise


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


@pytest.mark.parametrize(("second", "is_kept"), [([0, 1, 0, 1], True), ([0, 1, 0, 0], False), ([1, 1, 0, 0], False)])
def test_an_average_stays_only_if_it_is_right_more_often(catalog, second, is_kept):
    views = np.stack([np.eye(2)[[0, 1, 0, 0]], 3 * np.eye(2)[second]]).astype(np.float32)
    rows = Rows((), views.mean(0), np.array([0, 1, 0, 1]), views)
    table = Table(catalog, {"validation": rows}, 2, 96, "f32", 0, 0)
    chosen = Settings(method="hybrid", average_views=True, n_views=2)
    fitted = SimpleNamespace(head=SimpleNamespace(scores=lambda X: X))
    made = drop_average(Made(chosen, "block_12", None, table, fitted))
    assert (made.table.n_averaged, made.chosen.average_views) == ((2, True) if is_kept else (1, False))
    assert made.table.splits["validation"].X.tolist() == (views.mean(0) if is_kept else views[0]).tolist()
