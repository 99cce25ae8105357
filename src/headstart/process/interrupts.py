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
    with _hear_ctrl_c(lambda: None) as is_heard:
        yield is_heard


@contextmanager
def interrupt_on_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Have the first Ctrl-C in the block raise KeyboardInterrupt there, and give a function that says whether it did.

    A library may make another error of it. A second one stops as Ctrl-C always does, which in a program may be by more
    than an exception.
    """

    def interrupt() -> None:
        raise KeyboardInterrupt

    with _hear_ctrl_c(interrupt) as is_heard:
        yield is_heard


@contextmanager
def _hear_ctrl_c(act: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield lambda: False
        return
    is_heard = threading.Event()

    def hear(*_: object) -> None:
        is_heard.set()
        signal.signal(signal.SIGINT, before)
        act()

    signal.signal(signal.SIGINT, hear)
    try:
        yield is_heard.is_set
    finally:
        if signal.getsignal(signal.SIGINT) is hear:
            signal.signal(signal.SIGINT, before)
