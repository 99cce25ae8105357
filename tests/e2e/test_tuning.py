"""Training above a cut through the real command line: killed, interrupted, and gone on with."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

OPTIONS = ["--method", "hybrid", "--cut", "block_15", "--image-size", "96", "--train-norms"]


def start(folder, out, cache, *more):
    command = [sys.executable, "-m", "headstart", "train", str(folder), "--out", str(out), *OPTIONS, *map(str, more)]
    environment = os.environ | {"HEADSTART_CACHE": str(cache)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(process, text):
    """Read what it says until it says this."""
    said = []
    for line in process.stderr:
        said.append(line)
        if text in line:
            return
    pytest.fail(f"it ended without saying {text!r}: {said}")


def read(out):
    return json.loads((out / "metrics.json").read_text())


@pytest.mark.slow
def test_a_killed_training_ends_with_the_same_numbers(make_folder, tmp_path):
    folder = make_folder(n=20)
    whole = start(folder, tmp_path / "whole", tmp_path / "cache1", "--epochs", 4)
    _, said = whole.communicate(timeout=200)
    assert whole.returncode == 0, said
    assert said.count("Epoch ") == 4
    killed = start(folder, tmp_path / "again", tmp_path / "cache2", "--epochs", 4)
    wait_for(killed, "Epoch 2/4")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (tmp_path / "again").exists()
    resumed = start(folder, tmp_path / "again", tmp_path / "cache2", "--epochs", 4)
    _, said = resumed.communicate(timeout=200)
    assert resumed.returncode == 0, said
    assert "Epoch 1/4" not in said
    for split in ("train", "validation", "test"):
        assert read(tmp_path / "again")[split] == read(tmp_path / "whole")[split]
    models = [(tmp_path / name / "model.onnx").read_bytes() for name in ("again", "whole")]
    assert models[0] == models[1]


@pytest.mark.slow
def test_ctrl_c_keeps_the_best_so_far(make_folder, tmp_path):
    process = start(make_folder(n=20), tmp_path / "run", tmp_path / "cache", "--epochs", 400)
    wait_for(process, "Epoch 1/400")
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, problems = process.communicate(timeout=200)
    assert process.returncode == 0, problems
    assert "Stopped after" in problems
    metrics = read(tmp_path / "run")
    assert 1 <= metrics["tuning"]["n_epochs"] < 400
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.slow
def test_ctrl_c_keeps_what_auto_had_found(make_folder, tmp_path):
    folder = make_folder(n=100)
    for number, label in enumerate(sorted(path.name for path in folder.iterdir())):
        for path in sorted((folder / label).iterdir())[:30]:  # wrong labels: there is something to gain
            path.rename(folder / sorted(p.name for p in folder.iterdir())[1 - number] / f"moved-{label}-{path.name}")
    command = [sys.executable, "-m", "headstart", "train", str(folder), "--image-size", "96", "--budget", "1h"]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "run")], env=os.environ | {"HEADSTART_CACHE": str(tmp_path / "cache")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for(process, "Going on with hybrid")
    process.send_signal(signal.SIGINT)
    _, problems = process.communicate(timeout=200)
    assert process.returncode == 0, problems
    assert "Stopped: the best method so far is kept." in problems
    story = read(tmp_path / "run")["auto"]
    assert story["why"] in ("hybrid was stopped", "timing hybrid was stopped")
    assert any(trial["is_kept"] for trial in story["tried"])
    assert (tmp_path / "run" / "report.html").exists()
