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
    notes = list_notes(runner.run(Settings(method="fixed", image_size=96, epochs=3)))
    assert [(note.code, note.severity) for note in notes] == [("layout", "info"), ("unused-option", "warning")]
