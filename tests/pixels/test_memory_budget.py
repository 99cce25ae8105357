"""Large photos wait until there is memory for them; small ones never wait."""

import threading

from headstart.pixels.memory_budget import LARGE_PHOTO_BYTES, MemoryBudget


def test_a_large_photo_waits_for_another_one():
    budget = MemoryBudget(3 * LARGE_PHOTO_BYTES)
    began, entered = threading.Event(), threading.Event()

    def decode_another() -> None:
        began.set()
        with budget.reserve(2 * LARGE_PHOTO_BYTES):
            entered.set()

    thread = threading.Thread(target=decode_another)
    with budget.reserve(2 * LARGE_PHOTO_BYTES):
        thread.start()
        assert began.wait(5)
        with budget.reserve(LARGE_PHOTO_BYTES - 1), budget.reserve(LARGE_PHOTO_BYTES):
            pass  # a small one, and one for which there is room
        assert not entered.wait(0.05)
    assert entered.wait(5)
    thread.join()


def test_a_photo_larger_than_the_budget_is_decoded_alone():
    budget = MemoryBudget(LARGE_PHOTO_BYTES)
    with budget.reserve(9 * LARGE_PHOTO_BYTES):
        pass


def test_a_failure_frees_the_memory():
    budget = MemoryBudget(LARGE_PHOTO_BYTES)
    for _ in range(3):
        try:
            with budget.reserve(LARGE_PHOTO_BYTES):
                raise OSError
        except OSError:
            pass
    with budget.reserve(LARGE_PHOTO_BYTES):
        pass
