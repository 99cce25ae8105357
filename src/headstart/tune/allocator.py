"""Let glibc keep the memory that a training step frees, so that the next step reuses it."""

from __future__ import annotations

import ctypes
import os
import platform
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4  # parameters of mallopt(3), from glibc's malloc.h
# the values that glibc's dynamic thresholds reach in a process that frees large blocks
REACHED_BY_DEFAULT = {TRIM_THRESHOLD: 64 << 20, MMAP_THRESHOLD: 32 << 20, MMAP_MAX: 65536}
NEVER = -1
VARIABLES = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_", "GLIBC_TUNABLES")
_lock = threading.Lock()
_n_keeping = 0


@contextmanager
def keep_freed_memory() -> Iterator[Callable[[], object]]:
    """Let glibc keep freed memory while the block runs. Give a function that returns this memory to the system.

    Call that function now and then, and before work of another kind: kept memory fragments and grows. With another C
    library, or if the user has configured glibc's allocator, nothing changes.

    A step frees gigabytes in large blocks. By default glibc returns them at once, and the system fills new ones with
    zeros. That takes a fifth of a step of `hybrid`, and half of one of the whole network with trained norms
    (docs/decisions/0012-training-above-a-cut.md).

    The setting holds for the whole process while any such block runs. When the last one ends, all kept memory is
    returned. The thresholds then stay at the values that glibc reaches by itself: glibc cannot go back to moving them.
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
            for parameter, value in REACHED_BY_DEFAULT.items() if not _n_keeping else ():
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
