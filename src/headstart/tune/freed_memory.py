"""Memory that a step of training frees is kept for the next one, instead of going back to the system."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_THRESHOLD, MMAP_MAX = -1, -3, -4  # names of mallopt(3)'s parameters, from glibc's malloc.h
PLAIN = {TRIM_THRESHOLD: 64 << 20, MMAP_THRESHOLD: 32 << 20, MMAP_MAX: 65536}  # where glibc arrives by itself
LARGEST = 2**31 - 1  # bytes


@contextmanager
def keep_freed_memory() -> Iterator[Callable[[], object]]:
    """Have glibc keep what is freed in the block; elsewhere do nothing. Gives a function that gives it back, once.

    Kept memory goes to pieces, and grows by a tenth of what is in use or more: give it back where work of another kind
    begins, such as judging after an epoch.

    A step frees gigabytes in blocks so large that glibc gives each back at once, and the next step gets new ones, page
    by page, all filled with zeros: half of the time of a step of the whole network with norms trained, and a
    fifth of that of a hybrid one (docs/decisions/0012-training-above-a-cut.md). When the block ends all is given back.
    """
    libc = _open_glibc()
    if libc is None:
        yield lambda: None
        return
    libc.mallopt(MMAP_MAX, 0)
    libc.mallopt(TRIM_THRESHOLD, LARGEST)
    try:
        yield lambda: libc.malloc_trim(0)
    finally:
        for parameter, value in PLAIN.items():
            libc.mallopt(parameter, value)
        libc.malloc_trim(0)


def _open_glibc() -> ctypes.CDLL | None:
    if platform.libc_ver()[0] != "glibc":
        return None
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt, libc.malloc_trim  # noqa: B018  AttributeError where another allocator stands in
    except (OSError, AttributeError):
        return None
    return libc
