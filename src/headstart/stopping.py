"""How a long step ends early, with what it has so far, when its user presses Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def listen_for_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Take the first Ctrl-C in the block as a wish, and give a function that says whether it was uttered.

    A second one stops as Ctrl-C always does. Outside of the main thread, which alone hears it, nothing changes.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield lambda: False
        return
    is_wished = threading.Event()

    def take(*_: object) -> None:
        is_wished.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, take)
    try:
        yield is_wished.is_set
    finally:
        if signal.getsignal(signal.SIGINT) is take:
            signal.signal(signal.SIGINT, before)
