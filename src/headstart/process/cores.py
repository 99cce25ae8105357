"""The number of cores that this process uses."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from math import ceil
from pathlib import Path

_limits: list[int] = []


def count_cores() -> int:
    """Return the number of cores that the affinity mask, the container and `limit_cores` allow."""
    return min([_find_cores(), *_limits])


def limit_cores(n_cores: int) -> None:
    """Limit the result of `count_cores` from now on; other processes use the other cores."""
    _limits[:] = [n_cores]


@cache
def _find_cores() -> int:
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # not Linux, or no limit
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        n_cores = min(n_cores, max(1, ceil(int(quota) / int(period))))
    return n_cores
