"""Photos per second are those of the fastest of several runs of the engine."""

import numpy as np
import pytest

from headstart.backbone import timing
from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.backbone.timing import measure_inference_rate, time_fastest


def test_the_rate_of_a_setup_is_measured_once(monkeypatch):
    n_measured = 0

    def time_two_seconds(action):
        nonlocal n_measured
        n_measured += 1
        assert action().shape == (timing.N_PROBES, 1280)
        return 2.0

    monkeypatch.setattr(timing, "_known", {})
    monkeypatch.setattr(timing, "time_fastest", time_two_seconds)
    setup = BackboneSetup(load_backbone(), 96, "f32")
    assert [measure_inference_rate(setup) for _ in range(2)] == [timing.N_PROBES / 2] * 2
    assert n_measured == 1


def test_the_fastest_run_counts(monkeypatch):
    """Runs that other programs slow down say nothing about the machine."""
    moments = iter([0.0, 4.0, 4.0, 4.1, 5.0, 9.0])
    monkeypatch.setattr(timing, "perf_counter", lambda: next(moments))
    assert time_fastest(lambda: None) == pytest.approx(0.1)


@pytest.mark.parametrize(("seconds", "n_runs"), [(5.0, 3), (0.001, 8)])
def test_a_slow_action_runs_three_times_and_a_fast_one_eight_times(monkeypatch, seconds, n_runs):
    moments = iter(np.repeat(np.arange(100), 2)[1:] * seconds)
    monkeypatch.setattr(timing, "perf_counter", lambda: next(moments))
    runs = []
    time_fastest(lambda: runs.append(1))
    assert len(runs) == n_runs
