"""The command line as a whole: help, exit status, Ctrl-C."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import headstart as hs
from headstart.cli import main


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
        (["train", ""], 2, "it is empty, need a path"),
        (["train", ".", "--out", ""], 2, "it is empty, need a path"),
        (["train", ".", "--views", "100000000"], 2, "1<=x<=1000"),
        (["predict", "m.onnx", "a.jpg", "--json", "--format", "csv"], 2, "contradict each other"),
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


def test_more_than_one_ctrl_c_is_no_traceback(photos, tmp_path):
    for n in range(8):
        process = subprocess.Popen(
            [sys.executable, "-m", "headstart", "train", str(photos), "--out", str(tmp_path / "run"), "--no-cache"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        time.sleep(0.1 + 0.08 * n)  # after Python's own start, during which it answers Ctrl-C itself
        for _ in range(5):
            process.send_signal(signal.SIGINT)
            time.sleep(0.004)
        _, said = process.communicate(timeout=60)
        assert process.returncode in (0, 130)
        assert "Traceback" not in said
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs the signals of POSIX")
@pytest.mark.parametrize("number", [15, 1])
def test_a_kill_and_a_closed_terminal_leave_nothing_behind(photos, tmp_path, number):
    process = subprocess.Popen(
        [sys.executable, "-m", "headstart", "train", str(photos), "--out", str(tmp_path / "run"), "--no-cache"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_is_ignored_where_the_shell_said_so(photos, tmp_path):
    command = f"trap '' INT; exec {sys.executable} -m headstart train {photos} --out {tmp_path / 'run'} --no-cache"
    process = subprocess.Popen(["sh", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0


def test_nobody_is_left_behind_after_an_error(monkeypatch):
    called = []

    def call(ask=main.call_artist):
        called.append(ask())
        return called[0]

    monkeypatch.setattr(main, "call_artist", call)
    monkeypatch.setattr(main.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["headstart", "train", "/nowhere/at/all"])
    with monkeypatch.context() as patch:
        patch.setattr(main, "_set_up", lambda: None)
        assert main._run() == 1
    assert getattr(called[0], "_process", None) is None


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that closes streams")
@pytest.mark.parametrize("arguments", ["--version", "cache", "train /nowhere"])
def test_closed_streams_are_no_traceback(arguments):
    command = f"{sys.executable} -m headstart {arguments} >&- 2>&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.returncode == ("nowhere" in arguments)
    command = f"{sys.executable} -m headstart {arguments} >&-"
    assert "Traceback" not in subprocess.run(["sh", "-c", command], capture_output=True, text=True).stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_no_success(headstart):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "headstart", "cache", "--json"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "Cannot write: No space left" in done.stderr
