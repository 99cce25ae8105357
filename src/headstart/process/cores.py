"""How many cores there are to use."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from math import ceil
from pathlib import Path

_limits: list[int] = []


def count_cores() -> int:
    """Return how many cores this process may use: those it may run on, and no more than its container's share."""
    return min([_find_cores(), *_limits])


def limit_cores(n_cores: int) -> None:
    """Have `count_cores` return no more than so many from now on: the others belong to somebody else."""
    _limits[:] = [n_cores]


@cache
def _find_cores() -> int:
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # no Linux, no such limit
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        n_cores = min(n_cores, max(1, ceil(int(quota) / int(period))))
    return n_cores
