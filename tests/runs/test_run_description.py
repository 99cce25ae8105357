"""The description of a training, and its notes."""

from dataclasses import replace

import pytest

from headstart.catalog.scan import scan_photos
from headstart.methods.settings import Settings
from headstart.runs.run_description import describe_training
from headstart.runs.run_notes import list_notes

SETTINGS = Settings(method="hybrid", cut="block_15", image_size=96, epochs=2)


@pytest.fixture(scope="module")
def runner(paint_folder, tmp_path_factory, make_runner):
    folder = paint_folder(tmp_path_factory.mktemp("describing") / "photos", ("dots", "stripes"), 12)
    return make_runner(scan_photos(folder))


def describe(trained):
    return describe_training(trained, list_notes(trained))


def test_training_above_a_cut_is_described(runner):
    described = describe(runner.run(replace(SETTINGS, average_views=True, n_views=2)))
    assert (described["method"], described["cut"], described["head"], described["views"]) == (
        "hybrid",
        "block_15",
        "linear",
        2,
    )
    assert described["tuning"]["epochs"] == described["tuning"]["n_epochs"] == 2
    assert described["averaged_views"] == 2
    assert any("average over 2 views" in note and "2 times as long" in note for note in described["notes"])


def test_fixed_has_no_tuning(runner):
    described = describe(runner.run(Settings(method="fixed", image_size=96, features="all")))
    assert described["tuning"] is None
    assert (described["features"], described["cut"], described["head"]) == ("all", "top", "logistic")
