"""Objects that must not cross a fork, such as a compiled network, whose threads a forked child does not have."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar
from weakref import WeakSet

T = TypeVar("T")

opening = threading.RLock()
"""Held while a library is imported or a network is opened. A fork waits for it: the child gets no half-open library."""


class _Inherited(Protocol):
    def leave_to_parent(self) -> None:
        """Do what a forked child needs before its own code runs."""


_inherited: WeakSet[_Inherited] = WeakSet()


def watch_forks(item: _Inherited) -> None:
    """Call ``item.leave_to_parent()`` in each forked child, as long as the item is alive."""
    _inherited.add(item)


def abandon(value: object) -> None:
    """Keep an object for ever: its destructor would wait for threads of the parent, or change the parent's file."""
    import ctypes  # 10 ms; only a forked child needs it

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))


class PerProcess(Generic[T]):
    """A value that is made at its first use in each process; a forked child makes its own."""

    def __init__(self) -> None:
        self._values: list[T] = []
        watch_forks(self)

    def get(self, make: Callable[[], T]) -> T:
        """Return the value of this process; the first call makes it. Several threads may call this at once."""
        if not self._values:
            with opening:
                if not self._values:
                    self._values.append(make())
        return self._values[0]

    def leave_to_parent(self) -> None:
        """Forget the value of the parent process without freeing it."""
        if self._values:
            abandon(self._values)
            self._values = []


def was_forked() -> bool:
    """Say whether this process is a fork of one that had imported this module."""
    return bool(_forks)


_forks: list[int] = []  # the number of each process that was forked, from the first one to this one


def _leave_all() -> None:
    _forks.append(os.getpid())
    for item in list(_inherited):
        item.leave_to_parent()
    opening.release()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(before=opening.acquire, after_in_parent=opening.release, after_in_child=_leave_all)
