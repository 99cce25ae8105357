"""Ctrl-C in a long step: the step ends early and keeps its results so far."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def listen_for_ctrl_c(*, interrupts: bool = False) -> Iterator[Callable[[], bool]]:
    """Note the first Ctrl-C in the block; yield a function that says whether it has been pressed.

    With ``interrupts`` it also raises KeyboardInterrupt, which a library may turn into another error. A second Ctrl-C
    acts as it does without the block. Only the main thread receives signals, so in another thread the block changes
    nothing.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield lambda: False
        return
    pressed = threading.Event()

    def handle(*_: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)
        if interrupts:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handle)
    try:
        yield pressed.is_set
    finally:
        if signal.getsignal(signal.SIGINT) is handle:
            signal.signal(signal.SIGINT, before)
