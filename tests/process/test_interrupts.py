"""The first Ctrl-C is a wish."""

import os
import signal
import threading

import pytest

from headstart.process.interrupts import interrupt_on_ctrl_c, listen_for_ctrl_c


def test_the_first_is_a_wish_and_the_second_is_not():
    with listen_for_ctrl_c() as is_wished:
        assert not is_wished()
        os.kill(os.getpid(), signal.SIGINT)
        assert is_wished()
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012
            os.kill(os.getpid(), signal.SIGINT)
            signal.pause()


def test_the_first_may_interrupt_and_the_second_does_as_before():
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append("as before"))
    try:
        with interrupt_on_ctrl_c() as is_interrupted:
            with listen_for_ctrl_c() as is_wished:  # a step inside that ends politely
                os.kill(os.getpid(), signal.SIGINT)
                assert is_wished()
            assert not is_interrupted()
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
            assert is_interrupted()
            assert not heard
            os.kill(os.getpid(), signal.SIGINT)
        assert heard == ["as before"]
    finally:
        signal.signal(signal.SIGINT, before)


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
