"""The artist draws what this process would, and where it cannot, this process does."""

import json
import sys

import pytest

from headstart.errors import RunError
from headstart.evaluation.artist import Artist, NoArtist
from headstart.evaluation.metrics import evaluate_probabilities

HISTORY = [
    ("Training", 1, 0.5, 0.7),
    ("Training", 2, 0.8, 0.5),
    ("Validation", 1, 0.5, 0.7),
    ("Validation", 2, 0.7, 0.6),
]
METRICS = evaluate_probabilities([0, 1, 1], [[0.8, 0.2], [0.4, 0.6], [0.7, 0.3]], ["Zürich", "猫"])
CHARTS = ["confusion_matrix", "history", "per_class", "reliability"]


def draw(artist, folder):
    folder.mkdir()
    with artist:
        artist.begin(HISTORY, METRICS, folder)
        images = artist.finish()
    return {name: (image, (folder / f"{name}.png").read_bytes()) for name, image in images.items()}


def test_two_processes_draw_as_one(tmp_path):
    theirs, ours = draw(Artist(), tmp_path / "theirs"), draw(NoArtist(), tmp_path / "ours")
    assert sorted(theirs) == CHARTS
    assert theirs == ours


def test_a_process_that_fails_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert sorted(draw(Artist(), tmp_path / "one")) == CHARTS
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    assert sorted(draw(Artist(), tmp_path / "two")) == CHARTS


def test_a_figure_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "history.png").mkdir()
    with Artist() as artist:
        artist.begin(HISTORY, METRICS, tmp_path)
        with pytest.raises(RunError, match="Cannot write figure"):
            artist.finish()


def test_an_artist_who_is_not_asked_draws_nothing():
    with Artist() as artist:
        process = artist._process
    assert process.returncode is not None


def test_files_in_the_current_folder_are_not_imported(tmp_path, monkeypatch):
    (tmp_path / "matplotlib.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    with Artist() as artist:
        artist.begin(HISTORY, METRICS, tmp_path)
        assert json.loads(artist._process.stdout.read())
