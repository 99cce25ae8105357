"""Choose the process that draws the charts of a command."""

from __future__ import annotations

import sys

from headstart.process.cores import count_cores
from headstart.report.chart_process import ChartDrawer, ChartProcess


def start_chart_drawer() -> ChartDrawer:
    """Start a second process for charts if there are two cores and a Python to start; else draw in this process."""
    is_possible = count_cores() > 1 and sys.executable and not hasattr(sys, "frozen")
    return ChartProcess() if is_possible else ChartDrawer()
