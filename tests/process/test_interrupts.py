"""The first Ctrl-C ends a step; the second one acts as usual."""

import os
import signal
import threading

import pytest

from headstart.process.interrupts import listen_for_ctrl_c


def test_the_first_ctrl_c_is_noted_and_the_second_one_interrupts():
    with listen_for_ctrl_c() as is_pressed:
        assert not is_pressed()
        os.kill(os.getpid(), signal.SIGINT)
        assert is_pressed()
        with pytest.raises(KeyboardInterrupt, match=r"^$"):  # noqa: PT012
            os.kill(os.getpid(), signal.SIGINT)
            signal.pause()


def test_the_first_ctrl_c_interrupts_and_the_second_one_calls_the_former_handler():
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append("as before"))
    try:
        with listen_for_ctrl_c(interrupts=True) as is_interrupted:
            with listen_for_ctrl_c() as is_pressed:  # an inner step that ends early
                os.kill(os.getpid(), signal.SIGINT)
                assert is_pressed()
            assert not is_interrupted()
            with pytest.raises(KeyboardInterrupt, match=r"^$"):
                os.kill(os.getpid(), signal.SIGINT)
            assert is_interrupted()
            assert not heard
            os.kill(os.getpid(), signal.SIGINT)
        assert heard == ["as before"]
    finally:
        signal.signal(signal.SIGINT, before)


def test_after_the_block_the_former_handler_is_back():
    before = signal.getsignal(signal.SIGINT)
    with listen_for_ctrl_c():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_the_block_changes_nothing():
    heard = []

    def listen():
        with listen_for_ctrl_c() as is_pressed:
            heard.append(is_pressed())

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert heard == [False]


def test_sigterm_ends_a_step_as_ctrl_c_does_where_the_program_handles_it():
    heard = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("as before"))
    try:
        with listen_for_ctrl_c(interrupts=True) as is_interrupted, listen_for_ctrl_c() as is_pressed:
            signal.raise_signal(signal.SIGTERM)
            assert is_pressed()
            with pytest.raises(KeyboardInterrupt, match=r"^$"):
                signal.raise_signal(signal.SIGTERM)
            assert is_interrupted()
            assert not heard
            signal.raise_signal(signal.SIGTERM)
        assert heard == ["as before"]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_sigterm_that_the_program_does_not_handle_is_left_alone():
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with listen_for_ctrl_c():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_sigterm_ends_a_step_of_a_background_job_that_ignores_ctrl_c():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: pytest.fail("the former handler was called"))
    try:
        with listen_for_ctrl_c() as is_pressed:
            signal.raise_signal(signal.SIGINT)
            assert not is_pressed()
            signal.raise_signal(signal.SIGTERM)
            assert is_pressed()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
