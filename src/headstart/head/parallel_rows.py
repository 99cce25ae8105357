"""Passes over the rows of a matrix: block by block, on all cores, with the same result on any number of cores.

A product of many rows and few columns is limited by memory bandwidth. OpenBLAS splits it between threads that spin
while they wait for each other. Alone that gains little; beside another busy program it took up to a hundred times as
long. So each core takes blocks of its own, and BLAS uses one thread: a third of the time on two cores.

During a pass BLAS has one thread in the whole process. After the pass it has as many as before.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from headstart.process.cores import count_cores
from headstart.storage.large_arrays import release_rows

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Answer = TypeVar("Answer")
Item = TypeVar("Item")
BLOCK_ROWS = 512
TASKS_PER_THREAD = 4  # enough, so that a core which is busy with another program delays the pass little


def split_rows(n_rows: int, size: int) -> list[slice]:
    """Return slices of at most ``size`` rows that cover all rows, in order.

    Examples
    --------
    >>> split_rows(300, 256)
    [slice(0, 256, None), slice(256, 300, None)]
    """
    return [slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]


def map_blocks(function: Callable[[slice], Answer], *arrays: npt.NDArray[Any]) -> list[Answer]:
    """Call a function for every block of rows, several at once; return the answers in the order of the rows.

    Parameters
    ----------
    function
        Takes a slice of rows. Called in several threads.
    arrays
        Arrays of N rows that the function reads or writes. Blocks of large ones are released from memory when done.
    """
    blocks = split_rows(len(arrays[0]), BLOCK_ROWS)
    if not blocks:
        return []

    def work(block: slice) -> Answer:
        answer = function(block)
        for array in arrays:
            release_rows(array[block])
        return answer

    size = max(1, len(blocks) // (TASKS_PER_THREAD * min(count_cores(), len(blocks))))
    tasks = [blocks[start : start + size] for start in range(0, len(blocks), size)]
    done = map_items(lambda some: [work(block) for block in some], tasks, n_ahead=len(tasks))
    return [answer for answers in done for answer in answers]


def map_items(
    function: Callable[[Item], Answer], items: Sequence[Item], *, n_ahead: int | None = None
) -> Iterator[Answer]:
    """Call a function for every item, several at once; yield the answers in the order of the items.

    Parameters
    ----------
    function
        Called in one thread per core, for one item at a time in each.
    n_ahead
        Number of items that are started ahead of the answer that is yielded, and so the largest number of answers in
        memory. Default: two for each thread.
    """
    n_threads = min(count_cores(), len(items))
    with _one_blas_thread.hold():
        # a worker that waits for other workers could wait for ever
        if n_threads < 2 or getattr(_inside, "is_worker", False):
            yield from map(function, items)
            return
        waiting: deque[Future[Answer]] = deque()
        try:
            for item in items:
                if len(waiting) == (n_ahead or 2 * n_threads):
                    yield waiting.popleft().result()
                waiting.append(_open_pool().submit(function, item))
            while waiting:
                yield waiting.popleft().result()
        finally:  # after an error, or if the caller stops early
            for future in waiting:
                future.cancel()


@contextmanager
def use_one_blas_thread() -> Iterator[None]:
    """Give BLAS one thread in the whole process until the block ends.

    An eigendecomposition with 1,500 rows takes 0.4 s of processor time so, and 1 to 5 s with two threads beside a busy
    program: they spin while they wait for each other.
    """
    with _one_blas_thread.hold():
        yield


def sum_blocks(function: Callable[[slice], npt.NDArray[Any]], *arrays: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the sum of a function's answers for all blocks, added in the order of the rows."""
    answers = map_blocks(function, *arrays)
    total = np.array(answers[0])
    for answer in answers[1:]:
        total += answer
    return total


_inside = threading.local()


@cache
def _open_pool() -> ThreadPoolExecutor:
    def begin() -> None:
        _inside.is_worker = True

    return ThreadPoolExecutor(count_cores(), thread_name_prefix="headstart-head", initializer=begin)


class _OneBlasThread:
    """Limits BLAS to one thread while any pass runs: the first pass sets the limit, the last one removes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_holders = 0
        self._limit: Any = None

    @contextmanager
    def hold(self) -> Iterator[None]:
        with self._lock:
            if self._n_holders == 0:
                self._limit = _find_blas().limit(limits=1)
            self._n_holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_holders -= 1
                if self._n_holders == 0:
                    self._limit.restore_original_limits()


@cache
def _find_blas() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


_one_blas_thread = _OneBlasThread()


def _forget_parent() -> None:
    """Start afresh in a forked child: it has none of its parent's threads, and its locks may be held for ever."""
    global _one_blas_thread
    _open_pool.cache_clear()
    _one_blas_thread = _OneBlasThread()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)
