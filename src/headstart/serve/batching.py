"""Photos of simultaneous requests are classified in one batch."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from headstart.process.forks import PerProcess
from headstart.serve.limits import Rejection

Pixels = npt.NDArray[np.uint8]
Answer = TypeVar("Answer")
Waiting = queue.SimpleQueue[tuple[Pixels, Future[Answer]] | None]
MAX_BATCH = 32  # photos


class Batcher(Generic[Answer]):
    """A thread that classifies the waiting photos, up to 32 at a time, without waiting for a batch to fill.

    ``classify`` is called with the pixels of N photos, (N, S, S, 3), and returns N answers. ``on_batch`` is called with
    the size of each batch.
    """

    def __init__(
        self, classify: Callable[[Pixels], Sequence[Answer]], max_waiting: int, on_batch: Callable[[int], None]
    ) -> None:
        self._classify, self._max_waiting, self._on_batch = classify, max_waiting, on_batch
        self._opened: PerProcess[tuple[Waiting[Answer], threading.Thread]] = PerProcess()

    def _open(self) -> tuple[Waiting[Answer], threading.Thread]:
        """Start the thread, at the first photo: a server may load the application and fork its workers afterwards."""
        waiting: Waiting[Answer] = queue.SimpleQueue()
        thread = threading.Thread(target=self._work, args=[waiting], name="classifier", daemon=True)
        thread.start()
        return waiting, thread

    def submit(self, pixels: Pixels) -> Future[Answer]:
        """Queue one photo, (S, S, 3), and return the future of its answer; raise Rejection if too many wait."""
        waiting, _ = self._opened.get(self._open)
        if waiting.qsize() >= self._max_waiting:
            raise Rejection(429, "Too many photos are waiting. Try again in a moment.")
        future: Future[Answer] = Future()
        waiting.put((pixels, future))
        return future

    def close(self) -> None:
        """Wait until the waiting photos are classified and the thread has ended."""
        waiting, thread = self._opened.get(self._open)
        waiting.put(None)
        thread.join()

    def _work(self, waiting: Waiting[Answer]) -> None:
        is_open = True
        while is_open:
            batch = [waiting.get()]
            while batch[-1] is not None and len(batch) < MAX_BATCH and not waiting.empty():
                batch.append(waiting.get())
            is_open = batch[-1] is not None
            self._classify_batch([item for item in batch if item and item[1].set_running_or_notify_cancel()])

    def _classify_batch(self, batch: list[tuple[Pixels, Future[Answer]]]) -> None:
        if not batch:
            return
        self._on_batch(len(batch))
        try:
            answers = self._classify(np.stack([pixels for pixels, _ in batch]))
        except Exception as error:  # each request gets the error, and the thread goes on
            for _, future in batch:
                future.set_exception(error)
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                future.set_result(answer)
