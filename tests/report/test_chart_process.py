"""The second process draws the same charts as this one, which replaces it if it fails."""

import json
import sys

import numpy as np
import pytest

from headstart.errors import RunError
from headstart.evaluation.metrics import evaluate_probabilities
from headstart.report import chart_process
from headstart.report.chart_process import ChartDrawer, ChartProcess

HISTORY = [
    ("Training", 1, 0.5, 0.7),
    ("Training", 2, 0.8, 0.5),
    ("Validation", 1, 0.5, 0.7),
    ("Validation", 2, 0.7, 0.6),
]
METRICS = evaluate_probabilities([0, 1, 1], [[0.8, 0.2], [0.4, 0.6], [0.7, 0.3]], ["Zürich", "猫"])
CHARTS = ["confusion_matrix", "history", "per_class", "reliability"]


def draw(drawer, folder):
    folder.mkdir()
    with drawer:
        drawer.begin(HISTORY, METRICS, folder)
        images = drawer.finish()
    return {name: (image, (folder / f"{name}.png").read_bytes()) for name, image in images.items()}


@pytest.fixture
def be_python(tmp_path, monkeypatch):
    """Replaces the started Python by a shell script."""

    def write(script):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return write


def test_the_second_process_draws_the_same_bytes_as_this_one(tmp_path):
    theirs, ours = draw(ChartProcess(), tmp_path / "theirs"), draw(ChartDrawer(), tmp_path / "ours")
    assert sorted(theirs) == CHARTS
    assert theirs == ours


def test_this_process_draws_if_the_second_one_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert sorted(draw(ChartProcess(), tmp_path / "one")) == CHARTS
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    assert sorted(draw(ChartProcess(), tmp_path / "two")) == CHARTS


@pytest.mark.parametrize("answer", ['{"history": ["data:image', "", "no JSON"])
def test_this_process_draws_if_the_answer_is_incomplete(tmp_path, be_python, answer):
    be_python(f"read job\nprintf '%s' '{answer}'")
    assert sorted(draw(ChartProcess(), tmp_path / "one")) == CHARTS


def test_this_process_draws_if_the_second_one_exceeds_the_time_limit(tmp_path, be_python, monkeypatch):
    be_python("exec sleep 100")
    monkeypatch.setattr(chart_process, "TIMEOUT_S", 0.2)
    assert sorted(draw(ChartProcess(), tmp_path / "one")) == CHARTS


@pytest.mark.slow
def test_a_job_longer_than_the_pipe_buffer_does_not_block(tmp_path, be_python, monkeypatch):
    be_python("exec sleep 100")
    monkeypatch.setattr(chart_process, "TIMEOUT_S", 2.0)
    labels = [f"class {n}" for n in range(1000)]
    metrics = evaluate_probabilities(np.arange(1000), np.eye(1000), labels)
    assert len(json.dumps(metrics)) > 1 << 16
    with ChartProcess() as drawer:
        drawer.begin(HISTORY, metrics, tmp_path)
        assert drawer._request.is_alive()  # still sending: the script does not read
        assert sorted(drawer.finish()) == CHARTS


def test_a_figure_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "history.png").mkdir()
    with ChartProcess() as drawer:
        drawer.begin(HISTORY, METRICS, tmp_path)
        with pytest.raises(RunError, match="Cannot write figure"):
            drawer.finish()


def test_a_process_without_a_request_is_stopped():
    with ChartProcess() as drawer:
        process = drawer._process
    assert process.returncode is not None


def test_files_in_the_current_folder_are_not_imported(tmp_path, monkeypatch):
    (tmp_path / "matplotlib.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    with ChartProcess() as drawer:
        drawer.begin(HISTORY, METRICS, tmp_path)
        drawer._request.join()
        assert sorted(json.loads(drawer._answer)) == CHARTS
