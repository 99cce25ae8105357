"""Photos per second are those of the engine."""

import numpy as np
import pytest

from headstart.backbone import timing
from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.backbone.timing import measure_inference_rate


def test_smaller_photos_are_faster():
    small, large = (measure_inference_rate(BackboneSetup(load_backbone(), side, "f32")) for side in (96, 320))
    assert small > large > 0


def test_it_is_measured_once():
    setup = BackboneSetup(load_backbone(), 96)
    assert measure_inference_rate(setup) == measure_inference_rate(setup)


def test_the_fastest_counts(monkeypatch):
    """What other programs slowed says nothing about this machine."""
    moments = iter([0.0, 4.0, 4.0, 4.1, 5.0, 9.0])
    monkeypatch.setattr(timing, "perf_counter", lambda: next(moments))
    assert timing.time_fastest(lambda: None) == pytest.approx(0.1)


def test_what_is_slow_is_timed_three_times_and_what_is_fast_eight_times(monkeypatch):
    for took_s, n_times in ((5.0, 3), (0.001, 8)):
        moments = iter(np.repeat(np.arange(100), 2)[1:] * took_s)
        monkeypatch.setattr(timing, "perf_counter", lambda moments=moments: next(moments))
        done = []
        timing.time_fastest(lambda done=done: done.append(1))
        assert len(done) == n_times
