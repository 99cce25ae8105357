"""Photos of simultaneous requests are classified in one batch."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np
import numpy.typing as npt

from headstart.serve.limits import Refusal

Pixels = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.float32]
MAX_BATCH = 32  # photos


class Batcher:
    """A thread that classifies the waiting photos, up to 32 at a time, without waiting for a batch to fill.

    ``classify`` is called with the pixels of N photos, (N, S, S, 3), and returns their probabilities of C classes,
    (N, C). ``on_batch`` is called with the size of each batch.
    """

    def __init__(
        self, classify: Callable[[Pixels], Probabilities], max_waiting: int, on_batch: Callable[[int], None]
    ) -> None:
        self._classify, self._max_waiting, self._on_batch = classify, max_waiting, on_batch
        self._waiting: queue.SimpleQueue[tuple[Pixels, Future[Probabilities]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="classifier", daemon=True)
        self._thread.start()

    def submit(self, pixels: Pixels) -> Future[Probabilities]:
        """Queue one photo, (S, S, 3), and return the future of its probabilities; raise Refusal if too many wait."""
        if self._waiting.qsize() >= self._max_waiting:
            raise Refusal(429, "Too many photos are waiting. Try again in a moment.")
        future: Future[Probabilities] = Future()
        self._waiting.put((pixels, future))
        return future

    def close(self) -> None:
        """Wait until the waiting photos are classified and the thread has ended."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        is_open = True
        while is_open:
            batch = [self._waiting.get()]
            while batch[-1] is not None and len(batch) < MAX_BATCH and not self._waiting.empty():
                batch.append(self._waiting.get())
            is_open = batch[-1] is not None
            self._classify_batch([item for item in batch if item and item[1].set_running_or_notify_cancel()])

    def _classify_batch(self, batch: list[tuple[Pixels, Future[Probabilities]]]) -> None:
        if not batch:
            return
        self._on_batch(len(batch))
        try:
            rows = self._classify(np.stack([pixels for pixels, _ in batch]))
        except Exception as error:  # each request gets the error, and the thread goes on
            for _, future in batch:
                future.set_exception(error)
        else:
            for (_, future), row in zip(batch, rows, strict=True):
                future.set_result(row)
