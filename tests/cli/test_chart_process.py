"""Who draws depends on the machine."""

import sys

import pytest

from headstart.cli import chart_process
from headstart.cli.chart_process import call_artist
from headstart.report.chart_process import Artist, DistantArtist


def test_a_second_core_draws(monkeypatch):
    monkeypatch.setattr(chart_process, "count_cores", lambda: 2)
    with call_artist() as artist:
        assert type(artist) is DistantArtist


@pytest.mark.parametrize(("n_cores", "executable"), [(1, sys.executable), (2, "")])
def test_without_one_or_without_a_python_this_process_does(monkeypatch, n_cores, executable):
    monkeypatch.setattr(chart_process, "count_cores", lambda: n_cores)
    monkeypatch.setattr(sys, "executable", executable)
    assert type(call_artist()) is Artist
