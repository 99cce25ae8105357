"""The first Ctrl-C is a wish."""

import os
import signal
import threading

import pytest

from headstart.stopping import listen_for_ctrl_c


def test_the_first_is_a_wish_and_the_second_is_not():
    with listen_for_ctrl_c() as is_wished:
        assert not is_wished()
        os.kill(os.getpid(), signal.SIGINT)
        assert is_wished()
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012
            os.kill(os.getpid(), signal.SIGINT)
            signal.pause()


def test_afterwards_everything_is_as_before():
    before = signal.getsignal(signal.SIGINT)
    with listen_for_ctrl_c():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_hear_nothing():
    heard = []

    def listen():
        with listen_for_ctrl_c() as is_wished:
            heard.append(is_wished())

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert heard == [False]
