"""Passes over the rows of a matrix: block by block, on all cores, the same result on any number of them.

A product of many rows and few columns is limited by memory. OpenBLAS gives it to threads that spin while they wait for
each other: alone they win little, and beside another busy program they took up to a hundred times as long. So each core
takes blocks of its own, and BLAS stays in the thread that calls it: a third of the time on two cores.

While a pass runs, BLAS stays in its thread for the whole process; then it has as many threads again as before.
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
TASKS_PER_THREAD = 4  # enough that a core which another program uses holds up little


def map_blocks(function: Callable[[slice], Answer], *arrays: npt.NDArray[Any]) -> list[Answer]:
    """Call a function for every block of rows, several at once; return its answers in the order of the rows.

    Parameters
    ----------
    function
        Takes a slice of rows. Called in several threads.
    arrays
        Arrays of N rows each, which the function reads or writes; large ones are released block by block.
    """
    n_rows = len(arrays[0])
    if not n_rows:
        return []
    blocks = [slice(start, min(start + BLOCK_ROWS, n_rows)) for start in range(0, n_rows, BLOCK_ROWS)]

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
    """Call a function for every item, several at once; yield its answers in the order of the items.

    Parameters
    ----------
    function
        Called in as many threads as there are cores, and in each for one item at a time.
    n_ahead
        How many items are begun before the answer of the first is asked for, and so how many answers are held at most;
        default: two for each thread.
    """
    n_threads = min(count_cores(), len(items))
    with _one_blas_thread.hold():
        # a worker that waited for workers could wait for ever
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
        finally:  # after an error, or where nobody asks for the rest
            for future in waiting:
                future.cancel()


def sum_blocks(function: Callable[[slice], npt.NDArray[Any]], *arrays: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the sum of a function's answers, added in the order of the rows."""
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
    """Holds BLAS to one thread while anybody needs it: the first to come limits it, the last to go lets it free."""

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
    """In a forked child: the parent's threads are not there, and its locks may be held for ever."""
    global _one_blas_thread
    _open_pool.cache_clear()
    _one_blas_thread = _OneBlasThread()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)
