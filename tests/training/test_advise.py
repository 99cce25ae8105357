"""Advice and the measurements that it rests on."""

import json

import pytest

from headstart.errors import HeadstartError
from headstart.features.similarity import Similarity
from headstart.training import advise, expectations
from headstart.training.advise import advise_method
from headstart.tune import torch_import


@pytest.mark.slow
def test_advice_on_painted_photos(make_folder):
    said, folder = [], make_folder(n=20)
    (folder / "dots" / "broken.jpg").write_bytes(b"no photo")
    advice = advise_method(folder, image_size=96, verbose=False, say=said.append)
    record = json.loads(json.dumps(advice.to_dict()))
    assert record["quadrant"] == "small and dissimilar"
    assert record["n_photos"] == sum(record["n_per_class"].values()) == 28
    assert list(record["methods"]) == ["fixed", "hybrid", "finetune", "scratch"]
    for expected in record["methods"].values():
        low, high = expected["interval"]
        assert 0 <= low <= expected["expected_accuracy"] <= high <= 1
        assert expected["expected_seconds"] > 0
    assert record["evidence"]["photos_judged"] == 28
    assert record["evidence"]["forecast"]["n"] == 40  # of all splits
    assert record["note_records"][0]["code"] == "layout"  # the notes of the scan come first
    assert record["skipped"] == [
        {"path": str(folder / "dots" / "broken.jpg"), "reason": "not a photo: no known signature"}
    ]
    assert said


@pytest.mark.slow
def test_the_forecast_is_that_of_the_report(trained):
    folder = trained.folder.parent / "photos"
    advice = advise_method(folder, image_size=96, verbose=False)
    assert advice.evidence["forecast"] == trained.metrics["forecast"]


def test_without_nested_cross_validation_the_forecast_is_of_training_photos(make_folder, monkeypatch):
    monkeypatch.setattr(advise, "cross_validate_nested", lambda *_: None)
    monkeypatch.setattr(advise, "estimate_seconds", lambda *_: 1.0)
    advice = advise_method(make_folder(n=20), image_size=96, verbose=False)
    assert advice.evidence["forecast"]["n"] == advice.evidence["photos_judged"] == 28
    assert advice.evidence["forecast"]["accuracy"] == advice.evidence["cross_validated_accuracy"]


def test_groups_are_held_out_together(make_folder):
    folder = make_folder(n=20)
    apart = advise_method(folder, image_size=96, verbose=False)
    grouped = advise_method(folder, image_size=96, verbose=False, group_from="([0-3])\\.")
    assert not any(note.code == "groups" for note in apart.notes)
    assert any(note.code == "groups" for note in grouped.notes)


@pytest.mark.parametrize("value", [0.3, 0.9])
def test_the_advised_settings_are_those_that_were_timed(make_folder, monkeypatch, value):
    timed = {}
    monkeypatch.setattr(advise, "compare_with_imagenet", lambda _: Similarity(value, 0.1, 20))
    monkeypatch.setattr(
        advise, "estimate_seconds", lambda _, settings, __: timed.setdefault(settings.method, settings) and 1
    )
    advice = advise_method(make_folder(n=10), image_size=96, verbose=False)
    assert [settings.train_norms for settings in timed.values()] == [False, *[value < 0.65] * 3]
    assert advice.train_norms == (advice.method != "fixed" and value < 0.65)


def advise_with_errors(make_folder, monkeypatch, value, error):
    monkeypatch.setattr(advise, "compare_with_imagenet", lambda _: Similarity(value, 0.1, 20))
    monkeypatch.setattr(advise, "estimate_seconds", lambda *_: 1.0)
    monkeypatch.setattr(advise, "_judge", lambda _: {"accuracy": 1 - error, "n": 1000, "n_folds": 5})
    return advise_method(make_folder(n=10), image_size=96, verbose=False)


@pytest.mark.parametrize(
    ("value", "error", "method"), [(0.9, 0.05, "fixed"), (0.9, 0.07, "hybrid"), (0.9, 0.3, "hybrid"),
                                   (0.3, 0.02, "fixed"), (0.3, 0.3, "hybrid")]
)  # fmt: skip
def test_hybrid_is_advised_on_similar_photos_with_many_errors(make_folder, monkeypatch, value, error, method):
    advice = advise_with_errors(make_folder, monkeypatch, value, error)
    assert advice.method == method
    if method == "hybrid":
        assert ("are similar to ImageNet" in advice.why) == (value > 0.65)
        assert advice.train_norms == (value < 0.65)


@pytest.mark.parametrize("has_torch", [True, False])
def test_advice_names_the_extra_that_is_missing(make_folder, monkeypatch, has_torch):
    monkeypatch.setattr(torch_import, "PACKAGES", ("numpy" if has_torch else "no_such_package",))
    assert expectations.can_tune() == has_torch
    advice = advise_with_errors(make_folder, monkeypatch, 0.3, 0.3)
    told = [note for note in advice.notes if note.code not in ("layout", "near-copies")]
    assert ["'headstart[tune]'" in note.text for note in told] == ([] if has_torch else [True])
    if told:
        assert "Hybrid training should be right on about 79.0% of new photos" in told[0].text
        assert "against 70.0% without it, and take about 1 s here, but torch is not installed" in told[0].text
    others = advise_with_errors(lambda n: make_folder("others", n=n), monkeypatch, 0.9, 0.01)
    assert [note.code for note in others.notes] == ["layout"]


def test_too_few_photos_are_an_error(make_folder):
    with pytest.raises(HeadstartError, match="Cannot"):
        advise_method(make_folder(n=1), image_size=96, verbose=False)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), [("ants-bees", "similar"), ("coffee-leaf", "dissimilar")])
def test_advice_on_real_photos(real_photos, name, kind):
    advice = advise_method(real_photos / name, image_size=160, verbose=False)
    assert advice.quadrant == f"small and {kind}"
    assert advice.method == ("fixed" if kind == "similar" else "hybrid")


@pytest.mark.parametrize(("fixed", "is_noted"), [(0.555, True), (0.7, False)])
def test_frozen_features_that_are_no_better_than_a_guess_are_noted(fixed, is_noted):
    notes = advise._note_guess({"fixed": fixed, "guess": 0.5, "n_judged": 200})
    assert [note.code for note in notes] == ["no-better-than-guess"] * is_noted
