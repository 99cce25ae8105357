"""Waiting photos are classified together, and no photo waits for others."""

import os
import threading

import numpy as np
import pytest

from headstart.serve.batching import MAX_BATCH, Batcher
from headstart.serve.limits import Rejection

PHOTO = np.zeros((4, 4, 3), np.uint8)


def test_waiting_photos_share_a_batch_and_get_their_own_answers():
    go, sizes = threading.Event(), []

    def classify(pixels):
        go.wait(10)
        return pixels[:, 0, 0, :1].astype(np.float32)

    batcher = Batcher(classify, 100, sizes.append)
    futures = [batcher.submit(PHOTO + n) for n in range(50)]
    go.set()
    assert [future.result(10)[0] for future in futures] == list(range(50))
    batcher.close()
    assert sum(sizes) == 50
    assert max(sizes) <= MAX_BATCH
    assert len(sizes) <= 4  # the first photo may be alone; the others come meanwhile


def test_too_many_waiting_photos_are_refused():
    go = threading.Event()
    batcher = Batcher(lambda pixels: go.wait(10) and pixels[:, 0, 0], 2, lambda _: None)
    first = batcher.submit(PHOTO)
    while not first.running():
        pass
    rest = [batcher.submit(PHOTO) for _ in range(2)]
    with pytest.raises(Rejection, match="Try again"):
        batcher.submit(PHOTO)
    go.set()
    assert all(future.result(10).tolist() == [0, 0, 0] for future in [first, *rest])
    batcher.close()


def test_an_error_reaches_its_request_and_the_next_photo_is_answered():
    def classify(pixels):
        if pixels.max():
            raise ValueError("no")
        return pixels[:, 0, 0]

    batcher = Batcher(classify, 10, lambda _: None)
    with pytest.raises(ValueError, match="no"):
        batcher.submit(PHOTO + 1).result(10)
    assert batcher.submit(PHOTO).result(10).tolist() == [0, 0, 0]
    batcher.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_worker_that_was_forked_after_the_first_photo_classifies():
    batcher = Batcher(lambda pixels: pixels[:, 0, 0, :1].astype(np.float32), 10, lambda _: None)
    assert batcher.submit(PHOTO + 3).result(10)[0] == 3
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = int(batcher.submit(PHOTO + 4).result(10)[0] != 4)
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    batcher.close()
