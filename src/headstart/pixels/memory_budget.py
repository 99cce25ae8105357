"""How many large photos are decoded at once: their memory together stays within a budget."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

BUDGET_BYTES = 1_400_000_000
UNKNOWN_BYTES = 200_000_000  # of a photo whose header does not tell its cost: 12 million pixels in HEIC
LARGE_PHOTO_BYTES = 50_000_000  # smaller photos are not counted: there are at most a few for each core


class MemoryBudget:
    """Bytes that the large photos of all threads may take together; a photo larger than all waits until it is alone."""

    def __init__(self, n_bytes: int) -> None:
        self._n_bytes = n_bytes
        self.reset()

    def reset(self) -> None:
        """Forget all photos: a forked child has none of its parent's threads, and the lock may be held."""
        self._freed, self._n_taken = threading.Condition(), 0

    @contextmanager
    def reserve(self, n_bytes: int) -> Iterator[None]:
        """Wait until so much memory is left in the budget, and take it during the block."""
        if n_bytes < LARGE_PHOTO_BYTES:
            yield
            return
        with self._freed:
            self._freed.wait_for(lambda: self._n_taken == 0 or self._n_taken + n_bytes <= self._n_bytes)
            self._n_taken += n_bytes
        try:
            yield
        finally:
            with self._freed:
                self._n_taken -= n_bytes
                self._freed.notify_all()


_budget = MemoryBudget(BUDGET_BYTES)
reserve_memory = _budget.reserve
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_budget.reset)
