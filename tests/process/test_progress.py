"""Progress in a log file: a line every ten seconds, with a rate that can be read."""

import io
import time
from types import SimpleNamespace

import pytest

from headstart.process import progress
from headstart.process.progress import show_progress


def test_lines_of_a_log_have_rate_and_time_left(capsys, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    with show_progress("Extracting") as count:
        for second in (9, 10, 15, 20):
            clock[0] = float(second)
            count(100 * second, 3000)
    with show_progress("Choosing the strength", unit="strengths") as count:
        clock[0] = 65.0
        count(1, 11)
    assert capsys.readouterr().err.splitlines() == [
        "Extracting 1,000/3,000 photos, 100/s, 20 s left",
        "Extracting 2,000/3,000 photos, 100/s, 10 s left",
        "Choosing the strength 1/11 strengths, 45 s each, 450 s left",
    ]


def test_nothing_is_shown_if_not_asked_for(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LOG_S", 0)
    with show_progress("Extracting", is_shown=False) as count:
        count(1, 2)
    assert capsys.readouterr().err == ""


def open_terminal(monkeypatch):
    """Return a terminal in place of stderr, where bars appear after 10 ms. Between phases pytest sets stderr anew."""
    written = io.StringIO()
    written.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", written)
    monkeypatch.setattr(progress, "QUIET_S", 0.01)
    for name, value in {"TERM": "xterm", "COLUMNS": "120"}.items():
        monkeypatch.setenv(name, value)
    return written


def wait_for_bar():
    limit = time.monotonic() + 10
    while not progress._shown and time.monotonic() < limit:
        time.sleep(0.01)
    return progress._shown[-1]


def test_a_bar_appears_before_anything_is_counted(monkeypatch):
    terminal = open_terminal(monkeypatch)
    with show_progress("Extracting"):
        wait_for_bar()
    assert not progress._shown
    assert "Extracting" in terminal.getvalue()


@pytest.mark.parametrize("is_even", [True, False])
def test_parts_that_take_unlike_times_have_no_remaining_time(monkeypatch, is_even):
    terminal = open_terminal(monkeypatch)
    with show_progress("Looking", unit="steps", is_even=is_even) as count:
        count(3, 11)
        wait_for_bar().refresh()
    assert "3/11" in terminal.getvalue()
    assert ("-:--:--" in terminal.getvalue()) == is_even


def test_a_step_that_ends_soon_shows_no_bar(monkeypatch):
    terminal = open_terminal(monkeypatch)
    with show_progress("Extracting") as count:
        count(2, 2)
        time.sleep(0.1)
        assert not progress._shown
    assert terminal.getvalue() == ""
