"""Photos per second are those of the engine."""

import pytest

from headstart.backbone import timing
from headstart.backbone.loading import load_backbone
from headstart.backbone.timing import measure_engine


def test_smaller_photos_are_faster():
    backbone = load_backbone()
    small, large = (measure_engine(backbone, side, "f32") for side in (96, 320))
    assert small > large > 0


def test_it_is_measured_once():
    backbone = load_backbone()
    assert measure_engine(backbone, 96) == measure_engine(backbone, 96)


def test_the_fastest_pass_counts(monkeypatch):
    """A pass that other programs slowed says nothing about this machine."""
    moments = iter([0.0, 4.0, 4.0, 4.1, 5.0, 9.0])
    monkeypatch.setattr(timing, "perf_counter", lambda: next(moments))
    monkeypatch.setattr(timing, "_known", {})
    assert measure_engine(load_backbone(), 64, "f32") == pytest.approx(timing.N_PROBES / 0.1)
