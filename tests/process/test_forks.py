"""What must not cross a fork is made again in the child, and is never freed there."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from headstart.process.forks import PerProcess, abandon, opening, watch_forks

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def answer_in_child(ask: Callable[[], object], limit_s: float = 10) -> str:
    """Return the answer of a forked child as text."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.write(writing, repr(ask()).encode())
        os._exit(0)
    os.close(writing)
    timer = threading.Timer(limit_s, os.kill, [child, signal.SIGKILL])
    timer.start()
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read().decode()
    os.waitpid(child, 0)
    timer.cancel()
    return answer


def test_each_process_makes_its_own_value():
    value = PerProcess()
    here = value.get(os.getpid)
    assert here == value.get(lambda: pytest.fail("made twice")) == os.getpid()
    assert answer_in_child(lambda: value.get(os.getpid)) not in ("", str(here))
    assert value.get(os.getpid) == here


def test_the_value_of_the_parent_is_never_freed_in_the_child():
    freed = []

    class Native:
        def __del__(self):
            freed.append(os.getpid())

    value = PerProcess()
    value.get(Native)

    def free():
        value.get(Native)
        del value._values[:]  # the child's own
        return len(freed)

    assert answer_in_child(free) == "1"
    del value._values[:]
    assert freed == [os.getpid()]


def test_an_abandoned_object_stays():
    stays = [object()]
    abandon(stays)
    assert answer_in_child(lambda: abandon(stays)) == "None"
    abandoned = []

    class Tracked:
        def __del__(self):
            abandoned.append(1)

    abandon(Tracked())
    assert not abandoned


def test_a_fork_waits_until_nothing_is_being_opened():
    held, released_at = threading.Event(), []

    def hold():
        with opening:
            held.set()
            time.sleep(0.2)
            released_at.append(time.monotonic())

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(5)
    value = PerProcess()
    assert answer_in_child(lambda: (bool(released_at), value.get(lambda: 7))) == "(True, 7)"
    thread.join()
    assert opening.acquire(blocking=False)  # the parent has released it
    opening.release()


def test_an_item_is_watched_as_long_as_it_lives():
    class Item:
        is_left = False

        def leave_to_parent(self):
            self.is_left = True

    item = Item()
    watch_forks(item)
    assert answer_in_child(lambda: item.is_left) == "True"
    assert not item.is_left
