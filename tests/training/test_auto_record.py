"""The record of auto counts its time, and marks what was kept."""

from types import SimpleNamespace

import numpy as np

from headstart.training import auto_record as story_module
from headstart.training.auto_record import AutoRecord


def make(method, features="last", n_averaged=1):
    settings = SimpleNamespace(method=method, features=features)
    return SimpleNamespace(settings=settings, cut="top", table=SimpleNamespace(n_averaged=n_averaged))


def test_what_is_kept_is_marked_among_what_was_tried():
    record = AutoRecord(60.0)
    plain, wide = make("fixed"), make("fixed", "all", 4)
    record.note(plain, np.array([True, False, False, False]), "cross-validation", 1.234)
    noted = record.note(wide, np.array([True, True, False, False]), "cross-validation", 5.0, (1, 0))
    assert (noted.accuracy, noted.n, noted.gain, noted.needed) == (0.5, 4, 1, 0)
    told = record.to_dict(wide)
    assert [trial["is_kept"] for trial in told["tried"]] == [False, True]
    assert [trial["seconds"] for trial in told["tried"]] == [1.23, 5.0]
    assert told["budget_s"] == 60.0


def test_reasons_follow_each_other():
    record = AutoRecord(60.0)
    record.end("hybrid failed")
    record.end("it was then trained again")
    assert record.why == "hybrid failed; it was then trained again"


def test_time_runs_out_and_the_option_that_gives_more_is_named(monkeypatch):
    now = iter([0.0, 50.0, 50.0, 100.0])
    monkeypatch.setattr(story_module, "time", SimpleNamespace(perf_counter=lambda: next(now)))
    record = AutoRecord(60.0)
    assert record.seconds_left == 10.0
    assert record.name_budget(65.0) == "--budget 2m"  # 50 s and 65 s, in whole minutes
    assert record.seconds_left == 0.0
