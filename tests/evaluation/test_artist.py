"""The artist draws what this process would, and where it cannot, this process does."""

import json
import sys
import time

import numpy as np
import pytest

from headstart.errors import RunError
from headstart.evaluation import artist
from headstart.evaluation.artist import Artist, DistantArtist
from headstart.evaluation.metrics import evaluate_probabilities

HISTORY = [
    ("Training", 1, 0.5, 0.7),
    ("Training", 2, 0.8, 0.5),
    ("Validation", 1, 0.5, 0.7),
    ("Validation", 2, 0.7, 0.6),
]
METRICS = evaluate_probabilities([0, 1, 1], [[0.8, 0.2], [0.4, 0.6], [0.7, 0.3]], ["Zürich", "猫"])
CHARTS = ["confusion_matrix", "history", "per_class", "reliability"]


def draw(someone, folder):
    folder.mkdir()
    with someone:
        someone.begin(HISTORY, METRICS, folder)
        images = someone.finish()
    return {name: (image, (folder / f"{name}.png").read_bytes()) for name, image in images.items()}


def test_two_processes_draw_as_one(tmp_path):
    theirs, ours = draw(DistantArtist(), tmp_path / "theirs"), draw(Artist(), tmp_path / "ours")
    assert sorted(theirs) == CHARTS
    assert theirs == ours


def test_a_process_that_fails_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert sorted(draw(DistantArtist(), tmp_path / "one")) == CHARTS
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    assert sorted(draw(DistantArtist(), tmp_path / "two")) == CHARTS


@pytest.mark.parametrize("answer", ['{"history": ["data:image', "", "no JSON"])
def test_half_an_answer_is_no_answer(tmp_path, monkeypatch, answer):
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\nread job\nprintf '%s' '{answer}'\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    assert sorted(draw(DistantArtist(), tmp_path / "one")) == CHARTS


def test_an_artist_who_hangs_is_not_waited_for(tmp_path, monkeypatch):
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nexec sleep 100\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(artist, "TIMEOUT_S", 0.2)
    assert sorted(draw(DistantArtist(), tmp_path / "one")) == CHARTS


def test_a_job_longer_than_a_pipe_holds_up_nobody(tmp_path, monkeypatch):
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nexec sleep 100\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setattr(artist, "TIMEOUT_S", 0.5)
    labels = [f"class {n}" for n in range(200)]
    metrics = evaluate_probabilities(np.arange(200), np.eye(200), labels)
    assert len(json.dumps(metrics)) > 1 << 16
    with DistantArtist() as someone:
        started = time.monotonic()
        someone.begin(HISTORY, metrics, tmp_path)
        assert time.monotonic() - started < 0.4
        assert sorted(someone.finish()) == CHARTS


def test_a_figure_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "history.png").mkdir()
    with DistantArtist() as someone:
        someone.begin(HISTORY, METRICS, tmp_path)
        with pytest.raises(RunError, match="Cannot write figure"):
            someone.finish()


def test_an_artist_who_is_not_asked_draws_nothing():
    with DistantArtist() as someone:
        process = someone._process
    assert process.returncode is not None


def test_files_in_the_current_folder_are_not_imported(tmp_path, monkeypatch):
    (tmp_path / "matplotlib.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    with DistantArtist() as someone:
        someone.begin(HISTORY, METRICS, tmp_path)
        someone._asking.join()
        assert sorted(json.loads(someone._answer)) == CHARTS
