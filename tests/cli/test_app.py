"""The command line as a whole: help, exit status, Ctrl-C."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import headstart as hs


def test_help_and_version(headstart):
    answer = headstart("--help")
    assert answer.returncode == 0
    for verb in ("train", "predict", "evaluate", "demo", "cache"):
        assert verb in answer.stdout
    assert headstart("--version").stdout == f"headstart {hs.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["train", "/nowhere/at/all"], 1, "does not exist"),
        (["train"], 2, "Missing argument"),
        (["train", ".", "--method", "magic"], 2, "magic"),
        (["train", ".", "--image-size", "50000"], 1, "96 to 512"),
        (["predict", "/nowhere.onnx", "a.jpg"], 1, "Cannot load classifier"),
        (["fly"], 2, "No such command"),
    ],
)
def test_mistakes_get_one_message_and_the_right_status(arguments, status, message, photos, headstart):
    answer = headstart(*(photos if argument == "." else argument for argument in arguments))
    assert answer.returncode == status
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


def test_ctrl_c_says_what_is_kept(photos, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "headstart", "train", str(photos), "--out", str(tmp_path / "run"), "--no-cache"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not list(tmp_path.iterdir()):  # the folder that it writes into is made first
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped" in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_no_success(headstart):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "headstart", "cache", "--json"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "Cannot write: No space left" in done.stderr
