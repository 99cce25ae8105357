"""A training's notes: its catalog's, then its own, with their codes."""

from dataclasses import replace

import pytest

from headstart.catalog.scan import scan_photos
from headstart.methods.settings import Settings
from headstart.runs.run_notes import list_notes


@pytest.fixture(scope="module")
def runner(paint_folder, make_runner, tmp_path_factory):
    return make_runner(scan_photos(paint_folder(tmp_path_factory.mktemp("noting") / "photos", n=12)))


def test_notes_mention_a_missing_validation_split(runner):
    photos = tuple(photo for photo in runner.catalog.photos if photo.split != "validation")
    alone = replace(runner, catalog=replace(runner.catalog, photos=photos))
    notes = list_notes(alone.run(Settings(method="hybrid", cut="block_15", image_size=96, epochs=2)))
    assert [note.code for note in notes] == ["layout", "low-learning-rate", "no-validation"]


def test_options_without_effect_are_told(runner):
    trained = runner.run(Settings(method="fixed", image_size=96, epochs=3))
    assert [(note.code, note.severity) for note in list_notes(trained)] == [
        ("layout", "info"),
        ("unused-option", "warning"),
    ]
    # auto leaves the epochs out of the settings of fixed: those that the user asked for count
    plain, asked = runner.run(Settings(method="fixed", image_size=96)), Settings(epochs=3)
    assert [note.code for note in list_notes(plain)] == ["layout"]
    assert [note.code for note in list_notes(plain, asked, {"fixed"})] == ["layout", "unused-option"]
    assert [note.code for note in list_notes(plain, asked, {"fixed", "hybrid"})] == ["layout"]


def test_views_that_nothing_frozen_can_keep_are_told(runner):
    trained = runner.run(Settings(method="hybrid", cut="pixels", image_size=96, epochs=1, n_views=3))
    assert "unused-option" in [note.code for note in list_notes(trained)]


def test_batch_norms_that_a_network_lacks_are_told(runner):
    settings = Settings(method="hybrid", cut="block_15", image_size=96, epochs=1, train_norms=True)
    trained = runner.run(settings)
    assert "unused-option" not in [note.code for note in list_notes(trained)]
    weights = {name: value for name, value in trained.tuned.result.weights.items() if value.ndim > 1}
    tuned = replace(trained.tuned, result=replace(trained.tuned.result, weights=weights))  # kernels alone
    (note,) = [note for note in list_notes(replace(trained, tuned=tuned)) if note.code == "unused-option"]
    assert "no batch normalisation above the cut" in note.text
