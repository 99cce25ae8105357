"""Ignore Pillow's warnings while this package decodes, and leave those of the user's own Pillow calls alone."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _DecodingThreads:
    """The threads that decode a photo now; also a filter of `warnings` that matches in these threads alone.

    Pillow warns about broken tags and large photos, and neither is a reason to refuse a photo. With the filter "error"
    it would be one, and then a photo's fate would depend on the filters of the program. Rejected:
    `warnings.catch_warnings` for each photo, because it is not safe in threads: it can leave the filters changed.

    While photos are decoded, `warnings.filters` has this one entry more; in other threads it matches nothing.
    """

    def __init__(self) -> None:
        self._this_thread = threading.local()
        self._filter = ("ignore", None, Warning, self, 0)  # as in `warnings.filters`: `self` is the pattern of modules
        self.reset()

    def reset(self) -> None:
        """Forget all threads: a forked child has none of its parent's, and its lock may be held."""
        self._lock, self._n_threads = threading.Lock(), 0

    def match(self, module: str) -> bool:
        """Return whether a warning of this module comes from Pillow, in a thread that decodes."""
        return getattr(self._this_thread, "is_decoding", False) and module.startswith("PIL.")

    @contextmanager
    def ignore_warnings(self) -> Iterator[None]:
        """Ignore Pillow's warnings in this thread. The first thread adds the filter, the last one removes it."""
        with self._lock:
            self._n_threads += 1
            filters: Any = warnings.filters
            if filters[:1] != [self._filter]:  # also if the program has put a filter of its own in front
                filters.insert(0, self._filter)
        self._this_thread.is_decoding = True
        try:
            yield
        finally:
            self._this_thread.is_decoding = False
            with self._lock:
                self._n_threads -= 1
                filters = warnings.filters
                while self._n_threads == 0 and self._filter in filters:
                    filters.remove(self._filter)


_decoding_threads = _DecodingThreads()
ignore_pillow_warnings = _decoding_threads.ignore_warnings
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_decoding_threads.reset)
