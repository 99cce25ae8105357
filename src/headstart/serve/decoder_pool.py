"""Threads that decode photos: slow photos keep neither ordinary ones nor the end of the service waiting."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

N_SLOW = 8  # threads that slow photos may hold in addition
PATIENCE_S = 0.5  # after which a photo is slow: one of 50 million pixels takes about this long
_END_S = 0.5  # for threads that are idle at the end

T = TypeVar("T")


class DecoderPool:
    """Runs functions in threads, one per core; for each that runs long, another thread works on the others.

    The threads are daemons: at the end of the program none is waited for. At most ``n_threads + n_slow`` exist.
    """

    def __init__(self, n_threads: int, n_slow: int = N_SLOW, patience_s: float = PATIENCE_S) -> None:
        self._n_quick, self._n_most, self._patience_s = n_threads, n_threads + n_slow, patience_s
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._began: dict[threading.Thread, float] = {}  # seconds when each busy thread began its job

    async def run(self, call: Callable[[], T]) -> T:
        """Return the result of a function, which is run in a thread; if the caller gives up, it may not be run."""
        future: Future[T] = Future()
        self._jobs.put((future, call))
        answer = asyncio.wrap_future(future)
        try:
            while not answer.done():
                self._add_threads()
                await asyncio.wait({answer}, timeout=self._patience_s)
        finally:
            future.cancel()  # without an effect if it has begun
            answer.cancel()  # an error of a caller who gave up is not logged
        return answer.result()

    def close(self) -> None:
        """End the idle threads; busy ones end with their jobs or with the program."""
        with self._lock:
            threads = list(self._threads)
        for _ in threads:
            self._jobs.put(None)
        ends = time.monotonic() + _END_S
        for thread in threads:
            thread.join(max(0.0, ends - time.monotonic()))

    def _add_threads(self) -> None:
        with self._lock:
            while self._count_quick() < self._n_quick and len(self._threads) < self._n_most:
                thread = threading.Thread(target=self._work, name="decoder", daemon=True)
                self._threads.add(thread)
                thread.start()

    def _count_quick(self) -> int:
        """Return the number of threads that are idle, or busy for a short time."""
        slow = time.monotonic() - self._patience_s
        return sum(self._began.get(thread, slow + 1) > slow for thread in self._threads)

    def _work(self) -> None:
        thread = threading.current_thread()
        while True:
            job = self._jobs.get()
            if job is not None and job[0].set_running_or_notify_cancel():
                self._began[thread] = time.monotonic()
                try:
                    job[0].set_result(job[1]())
                except BaseException as error:  # the caller gets it, and the thread goes on
                    job[0].set_exception(error)
                self._began.pop(thread)
            with self._lock:
                if job is None or self._count_quick() > self._n_quick:
                    self._threads.remove(thread)
                    return
            job = None  # frees the photo while the thread waits
