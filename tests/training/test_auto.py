"""The method is chosen by photos that were held out."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.training import auto
from headstart.training.auto import choose_method, hold_out_validation, is_better
from headstart.training.making import Maker
from headstart.training.settings import Settings

CHOSEN = Settings(image_size=96, epochs=2)


@pytest.fixture(scope="module")
def catalog(paint_folder, tmp_path_factory):
    folder = paint_folder(tmp_path_factory.mktemp("auto") / "photos", ("dots", "stripes"), 16)
    return scan_photos(folder)


@pytest.fixture
def maker(catalog):
    return Maker(catalog, load_backbone(), 96, True, False)


def choose(maker, monkeypatch, *, has_torch=True, **changes):
    monkeypatch.setattr(auto, "can_tune", lambda: has_torch)
    return choose_method(maker, replace(CHOSEN, **changes), lambda _: None)


def list_tried(story):
    return [(trial["method"], trial["features"], trial["averaged_views"]) for trial in story["tried"]]


def test_what_is_nearly_always_right_is_left_at_that(maker, monkeypatch):
    monkeypatch.setattr(auto, "FEW_ERRORS", 1.1)
    made, story = choose(maker, monkeypatch)
    assert made.chosen.method == "fixed"
    assert list_tried(story) == [("fixed", "last", 1)]
    assert story["tried"][0]["is_kept"]
    assert "little left to gain" in story["why"]


def test_without_torch_it_says_what_to_install(maker, monkeypatch):
    monkeypatch.setattr(auto, "FEW_ERRORS", -1.0)
    made, story = choose(maker, monkeypatch, has_torch=False)
    assert made.chosen.method == "fixed"
    assert list_tried(story) == [("fixed", "last", 1), *(("fixed", "all", n) for n in (1, 2, 4))]
    assert "pip install 'headstart[tune]'" in story["why"]
    assert 0 < story["similarity"] < 0.65


def test_a_budget_that_is_too_small_is_kept_and_named(maker, monkeypatch):
    monkeypatch.setattr(auto, "FEW_ERRORS", -1.0)
    _, story = choose(maker, monkeypatch, budget_s=0.01)
    assert "hybrid would take about" in story["why"]
    assert "--budget 1m allows it" in story["why"]


def test_training_above_the_cut_is_judged_on_validation_photos(maker, monkeypatch):
    monkeypatch.setattr(auto, "FEW_ERRORS", -1.0)
    made, story = choose(maker, monkeypatch, budget_s=1e6)
    judged_by = [trial["judged_by"] for trial in story["tried"]]
    assert judged_by[:4] == ["cross-validation"] * 4
    assert set(judged_by[4:]) == {"validation"}
    assert list_tried(story)[5][0] == "hybrid"
    plain, averaged = story["tried"][1]["accuracy"], story["tried"][3]["accuracy"]
    assert story["tried"][5]["averaged_views"] == (4 if averaged >= plain else 1)  # these photos are dissimilar
    kept = {trial["method"] for trial in story["tried"] if trial["is_kept"]}
    assert kept == {made.chosen.method}


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
    assert not is_better(right, right, 1.0)
    assert not is_better(right, wrong_once, 1.0)
    assert not is_better(wrong_once, right, 1.0)
    assert is_better(right, np.arange(50) > 3, 1.0)
