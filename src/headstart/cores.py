"""How many cores there are to use."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from math import ceil
from pathlib import Path


@cache
def count_cores() -> int:
    """Return how many cores this process may use: those it may run on, and no more than its container's share."""
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # no Linux, no such limit
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        n_cores = min(n_cores, max(1, ceil(int(quota) / int(period))))
    return n_cores
