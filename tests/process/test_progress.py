"""Progress in a log file: a line every ten seconds, with a rate that can be read."""

from types import SimpleNamespace

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
