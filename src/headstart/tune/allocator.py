"""Memory that a step of training frees is kept for the next one, instead of going back to the system."""

from __future__ import annotations

import ctypes
import os
import platform
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4  # names of mallopt(3)'s parameters, from glibc's malloc.h
PLAIN = {TRIM_THRESHOLD: 64 << 20, MMAP_THRESHOLD: 32 << 20, MMAP_MAX: 65536}  # where glibc arrives by itself
NEVER = -1
# who has set these knows better
VARIABLES = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_", "GLIBC_TUNABLES")
_lock = threading.Lock()
_n_keeping = 0


@contextmanager
def keep_freed_memory() -> Iterator[Callable[[], object]]:
    """Have glibc keep what is freed in the block; elsewhere do nothing. Gives a function that gives it back.

    Kept memory goes to pieces, and grows: call that now and then, and where work of another kind begins.

    A step frees gigabytes in blocks so large that glibc gives each back at once, and the next step gets new ones, page
    by page, all filled with zeros: half of the time of a step of the whole network with norms trained, and a
    fifth of that of a hybrid one (docs/decisions/0012-training-above-a-cut.md). When the last block that runs ends, all
    is given back, and thresholds stay where glibc arrives by itself in a process that frees large blocks.
    """
    global _n_keeping
    libc = _open_glibc()
    if libc is None:
        yield lambda: None
        return
    with _lock:
        _n_keeping += 1
        libc.mallopt(MMAP_MAX, 0)
        libc.mallopt(TRIM_THRESHOLD, NEVER)
    try:
        yield lambda: libc.malloc_trim(0)
    finally:
        with _lock:
            _n_keeping -= 1
            for parameter, value in PLAIN.items() if not _n_keeping else ():
                libc.mallopt(parameter, value)
        libc.malloc_trim(0)


def _open_glibc() -> ctypes.CDLL | None:
    if platform.libc_ver()[0] != "glibc" or any(name in os.environ for name in VARIABLES):
        return None
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt, libc.malloc_trim  # noqa: B018
    except (OSError, AttributeError):
        return None
    return libc
