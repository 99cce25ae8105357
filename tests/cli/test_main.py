"""The entry point: signals, closed streams and errors; nothing is left behind."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headstart.cli import main
from headstart.report.chart_process import ChartDrawer, ChartProcess


@pytest.mark.slow
def test_ctrl_c_prints_a_message_and_leaves_no_file(photos, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "headstart", "train", str(photos), "--out", str(tmp_path / "run"), "--no-cache"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not list(tmp_path.iterdir()):  # the output folder is created first
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped" in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


READY = """
from headstart.cli import main

main._set_up()
print("ready", flush=True)
main.main()
"""


@pytest.mark.slow
def test_repeated_ctrl_c_prints_no_traceback(photos, tmp_path):
    command = [sys.executable, "-c", READY, "train", str(photos), "--out", str(tmp_path / "run"), "--no-cache"]
    for n in range(8):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdout.readline()  # before it, Python handles Ctrl-C itself
        time.sleep(0.08 * n)
        for _ in range(5):
            process.send_signal(signal.SIGINT)
            time.sleep(0.004)
        _, said = process.communicate(timeout=60)
        assert process.returncode in (0, 130)
        assert "Traceback" not in said
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        assert list(tmp_path.iterdir()) == []


INTERRUPTED_IN_A_FINALIZER = """
import signal, sys, time
from headstart.cli import main
from headstart.process.interrupts import listen_for_ctrl_c

class Finalized:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
        time.sleep(0.01)

def work():
    main._set_up()
    {lines}

main.start_chart_drawer = work
sys.argv = ["headstart", "train"]
main.main()
"""
STOPPED = """
    Finalized()
    time.sleep(30)
"""
IN_A_STEP = """
    with listen_for_ctrl_c(interrupts=True):
        Finalized()
        time.sleep(30)
"""
AFTER_A_STEP = """
    with listen_for_ctrl_c(interrupts=True):
        Finalized()
    time.sleep(30)
"""
TWICE = """
    start = main.threading.Thread.start
    def start_and_press(thread):
        signal.raise_signal(signal.SIGINT)
        start(thread)
    main.threading.Thread.start = start_and_press
    Finalized()
    time.sleep(30)
"""


@pytest.mark.parametrize("lines", [STOPPED, IN_A_STEP, AFTER_A_STEP, TWICE], ids=["plain", "in", "after", "twice"])
def test_ctrl_c_in_a_finalizer_is_not_lost(lines):
    """Python drops an exception in a finalizer: a training went on, with a traceback on the screen."""
    program = INTERRUPTED_IN_A_FINALIZER.format(lines=lines.strip())
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=25)
    assert done.returncode == 130
    assert "stopped" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs the signals of POSIX")
@pytest.mark.parametrize("number", [15, 1])
def test_a_kill_and_a_closed_terminal_leave_no_file(photos, tmp_path, number):
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # children would inherit that nohup ignores it
    process = subprocess.Popen(
        [sys.executable, "-m", "headstart", "train", str(photos), "--out", str(tmp_path / "run"), "--no-cache"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    signal.signal(signal.SIGHUP, before)
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_ctrl_c_is_ignored_if_the_shell_ignores_it(photos, tmp_path):
    command = f"trap '' INT; exec {sys.executable} -m headstart train {photos} --out {tmp_path / 'run'} --no-cache"
    process = subprocess.Popen(["sh", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list(tmp_path.iterdir()):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0


def test_with_two_cores_a_second_process_draws(monkeypatch):
    monkeypatch.setattr(main, "count_cores", lambda: 2)
    with main.start_chart_drawer() as drawer:
        assert type(drawer) is ChartProcess


@pytest.mark.parametrize(("n_cores", "executable"), [(1, sys.executable), (2, "")])
def test_with_one_core_or_without_python_this_process_draws(monkeypatch, n_cores, executable):
    monkeypatch.setattr(main, "count_cores", lambda: n_cores)
    monkeypatch.setattr(sys, "executable", executable)
    assert type(main.start_chart_drawer()) is ChartDrawer


def test_an_error_ends_the_chart_process(monkeypatch):
    called = []

    def call():
        called.append(ChartProcess())
        return called[0]

    monkeypatch.setattr(main, "start_chart_drawer", call)
    monkeypatch.setattr(main.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["headstart", "train", "/nowhere/at/all"])
    with monkeypatch.context() as patch:
        patch.setattr(main, "_set_up", lambda: None)
        assert main._run() == 1
    assert called[0]._process is None


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that closes streams")
@pytest.mark.parametrize("arguments", ["--version", "cache", "train /nowhere"])
def test_closed_streams_cause_no_traceback(arguments):
    command = f"{sys.executable} -m headstart {arguments} >&- 2>&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.returncode == ("nowhere" in arguments)
    command = f"{sys.executable} -m headstart {arguments} >&-"
    assert "Traceback" not in subprocess.run(["sh", "-c", command], capture_output=True, text=True).stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_has_status_1(headstart):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "headstart", "cache", "--json"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "Cannot write: No space left" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "is_drawing"),
    [("", False), ("train x", True), ("demo", True), ("train -h", False), ("predict m train", False)],
)
def test_only_commands_with_charts_start_a_chart_process(arguments, is_drawing):
    assert main._is_drawing(arguments.split()) is is_drawing


def test_an_error_caused_by_ctrl_c_is_reported_as_a_stop(monkeypatch, capsys):
    def fail(*, obj):
        main._received.append(signal.SIGINT)
        raise ImportError("initialization failed")

    monkeypatch.setattr(main, "_received", [])
    monkeypatch.setattr(main, "_set_up", lambda: None)
    monkeypatch.setattr(sys, "argv", ["headstart", "cache"])
    monkeypatch.setattr("headstart.cli.app.app", fail)
    assert main._run() == 130
    assert "stopped" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="a name of Windows has no end of a line")
def test_a_name_in_an_error_takes_one_line(tmp_path, headstart):
    model = tmp_path / "two\nheadstart: all is well.onnx"
    model.write_bytes(b"no classifier")
    answer = headstart("predict", model, tmp_path)
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 1
    assert r"two\nheadstart: all is well.onnx" in answer.stderr
