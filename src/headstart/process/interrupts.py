"""Ctrl-C or SIGTERM in a long step: the step ends early and keeps its results so far."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def listen_for_ctrl_c(*, interrupts: bool = False) -> Iterator[Callable[[], bool]]:
    """Note the first Ctrl-C or SIGTERM in the block; yield a function that says whether one has come.

    With ``interrupts`` it also raises KeyboardInterrupt, which a library may turn into another error. A second signal
    acts as it does without the block. Only the main thread receives signals, so in another thread the block changes
    nothing. A signal is noted only where the program handles it: SIGTERM may end the process, as its sender expects,
    and a shell lets its background jobs ignore SIGINT.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before = {number: handler for number, handler in before.items() if callable(handler)}
    if threading.current_thread() is not threading.main_thread() or not before:
        yield lambda: False
        return
    pressed = threading.Event()

    def handle(*_: object) -> None:
        pressed.set()
        restore()
        if interrupts:
            raise KeyboardInterrupt

    def restore() -> None:
        for number, handler in before.items():
            if signal.getsignal(number) is handle:
                signal.signal(number, handler)

    for number in before:
        signal.signal(number, handle)
    try:
        yield pressed.is_set
    finally:
        restore()
