"""Photos of requests that come at the same time go through the classifier together."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np
import numpy.typing as npt

from headstart.serve.limits import Refusal

Pixels = npt.NDArray[np.uint8]
Row = npt.NDArray[np.float32]
MOST = 32  # photos in a batch


class Batcher:
    """A thread that classifies whatever waits, up to 32 photos at a time; nobody waits for a batch to fill.

    Parameters
    ----------
    classify
        From (N, S, S, 3) pixels to (N, C) probabilities.
    most_waiting
        Photos beyond so many are refused.
    note
        Called with the size of each batch.
    """

    def __init__(
        self, classify: Callable[[Pixels], Row], most_waiting: int, note: Callable[[int], None] = lambda _: None
    ) -> None:
        self._classify, self._most, self._note = classify, most_waiting, note
        self._waiting: queue.SimpleQueue[tuple[Pixels, Future[Row]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="classifier", daemon=True)
        self._thread.start()

    def submit(self, pixels: Pixels) -> Future[Row]:
        """Queue one photo, (S, S, 3), and return the promise of its probabilities.

        Raises
        ------
        Refusal
            If too many wait already.
        """
        if self._waiting.qsize() >= self._most:
            raise Refusal(429, "Too many photos are waiting. Try again in a moment.")
        promise: Future[Row] = Future()
        self._waiting.put((pixels, promise))
        return promise

    def close(self) -> None:
        """Classify what waits, and end."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        is_open = True
        while is_open:
            batch = [self._waiting.get()]
            while batch[-1] is not None and len(batch) < MOST and not self._waiting.empty():
                batch.append(self._waiting.get())
            is_open = batch[-1] is not None
            self._answer([item for item in batch if item is not None and item[1].set_running_or_notify_cancel()])

    def _answer(self, batch: list[tuple[Pixels, Future[Row]]]) -> None:
        if not batch:
            return
        self._note(len(batch))
        try:
            rows = self._classify(np.stack([pixels for pixels, _ in batch]))
        except Exception as error:  # whoever waits must hear of it, and the thread goes on
            for _, promise in batch:
                promise.set_exception(error)
        else:
            for (_, promise), row in zip(batch, rows, strict=True):
                promise.set_result(row)
