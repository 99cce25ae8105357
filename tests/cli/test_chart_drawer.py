"""The process that draws depends on the machine."""

import sys

import pytest

from headstart.cli import chart_drawer
from headstart.cli.chart_drawer import start_chart_drawer
from headstart.report.chart_process import ChartDrawer, ChartProcess


def test_with_two_cores_a_second_process_draws(monkeypatch):
    monkeypatch.setattr(chart_drawer, "count_cores", lambda: 2)
    with start_chart_drawer() as drawer:
        assert type(drawer) is ChartProcess


@pytest.mark.parametrize(("n_cores", "executable"), [(1, sys.executable), (2, "")])
def test_with_one_core_or_without_python_this_process_draws(monkeypatch, n_cores, executable):
    monkeypatch.setattr(chart_drawer, "count_cores", lambda: n_cores)
    monkeypatch.setattr(sys, "executable", executable)
    assert type(start_chart_drawer()) is ChartDrawer
