"""The record of `auto` counts its time, and marks the trial that was kept."""

from types import SimpleNamespace

import numpy as np

from headstart.training.auto_record import AutoRecord


def make(method, features="last", n_averaged=1, backbone="mobilenet_v2"):
    settings = SimpleNamespace(method=method, features=features, backbone=backbone)
    return SimpleNamespace(settings=settings, cut="top", table=SimpleNamespace(n_averaged=n_averaged))


def test_the_trial_that_was_kept_is_marked():
    record = AutoRecord(60.0)
    plain, wide = make("fixed"), make("fixed", "all", 4)
    record.add_trial(plain, np.array([True, False, False, False]), judged_by="cross-validation", seconds=1.234)
    trial = record.add_trial(
        wide, np.array([True, True, False, False]), judged_by="cross-validation", seconds=5.0, comparison=(1, 0)
    )
    assert (trial.accuracy, trial.n, trial.gain, trial.needed) == (0.5, 4, 1, 0)
    told = record.to_dict(wide)
    assert [trial["is_kept"] for trial in told["tried"]] == [False, True]
    assert [trial["seconds"] for trial in told["tried"]] == [1.23, 5.0]
    assert told["budget_s"] == 60.0


def test_the_trial_of_the_backbone_that_was_kept_is_marked():
    record = AutoRecord(60.0)
    one, both = make("fixed"), make("fixed", backbone="mobilenet_v2+efficientnet_lite1")
    for trained, unit in ((one, None), (both, "nats")):
        record.add_trial(trained, np.array([True]), judged_by="cross-validation", seconds=1.0, unit=unit)
    tried = record.to_dict(one)["tried"]
    assert [(trial["is_kept"], trial["unit"]) for trial in tried] == [(True, "photos"), (False, "nats")]
    assert tried[1]["backbone"] == "mobilenet_v2+efficientnet_lite1"


def test_reasons_follow_each_other():
    record = AutoRecord(60.0)
    record.add_reason("hybrid failed")
    record.add_reason("it was then trained again")
    assert record.why == "hybrid failed; it was then trained again"


def test_a_comparison_without_numbers_is_left_out():
    record = AutoRecord(60.0)
    trial = record.add_trial(
        make("hybrid"), np.array([True]), judged_by="validation", seconds=1.0, comparison=(0.1, np.inf)
    )
    assert (trial.gain, trial.needed) == (None, None)


def test_time_runs_out_and_the_option_that_gives_more_is_named():
    now = iter([0.0, 50.0, 50.0, 100.0])
    record = AutoRecord(60.0, lambda: next(now))
    assert record.seconds_left == 10.0
    assert record.name_budget(65.0) == "--budget 2m"  # 50 s and 65 s, in whole minutes
    assert record.seconds_left == 0.0
