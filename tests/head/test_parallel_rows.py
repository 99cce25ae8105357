"""Passes over rows keep the order, give the same bits on any number of cores, and raise the errors of a block."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from headstart.head import parallel_rows
from headstart.head.parallel_rows import map_blocks, map_items, sum_blocks

X = np.random.default_rng(0).normal(size=(2000, 30)).astype(np.float32)


@pytest.mark.parametrize("n_cores", [1, 2, 7])
def test_any_number_of_cores_gives_the_same_bits(monkeypatch, n_cores):
    monkeypatch.setattr(parallel_rows, "count_cores", lambda: n_cores)
    parallel_rows._open_pool.cache_clear()
    monkeypatch.setattr(parallel_rows, "BLOCK_ROWS", 64)
    slices = map_blocks(lambda rows: rows, X)
    assert np.concatenate([np.arange(2000)[rows] for rows in slices]).tolist() == list(range(2000))
    total = sum_blocks(lambda rows: X[rows].sum(0), X)
    expected = np.zeros(30, np.float32)
    for start in range(0, 2000, 64):
        expected += X[start : start + 64].sum(0)
    np.testing.assert_array_equal(total, expected)


@pytest.mark.parametrize("n_cores", [1, 3])
def test_answers_come_in_order_and_few_items_are_started_ahead(monkeypatch, n_cores):
    monkeypatch.setattr(parallel_rows, "count_cores", lambda: n_cores)
    parallel_rows._open_pool.cache_clear()
    begun, n_ahead = [], []

    def work(item: int) -> int:
        begun.append(item)
        time.sleep(0.002 * (item % 3))  # the first of three is done first
        return item

    answers = []
    for answer in map_items(work, range(30)):
        answers.append(answer)
        n_ahead.append(len(begun) - len(answers))
    assert answers == list(range(30))
    assert max(n_ahead) <= 2 * n_cores


def test_after_an_error_no_more_items_are_started(monkeypatch):
    monkeypatch.setattr(parallel_rows, "count_cores", lambda: 2)
    parallel_rows._open_pool.cache_clear()
    begun = []

    def work(item: int) -> int:
        begun.append(item)
        return 1 // item

    with pytest.raises(ZeroDivisionError, match="division"):
        list(map_items(work, range(100)))
    assert len(begun) <= 4


def test_an_error_in_a_block_is_raised():
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        map_blocks(lambda rows: 1 / 0, X)


def test_blas_has_one_thread_during_a_pass_and_all_after_it():
    from threadpoolctl import threadpool_info

    parallel_rows._find_blas.cache_clear()  # other tests may have loaded a second BLAS since, such as scipy's
    before = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    inside = map_blocks(
        lambda rows: [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"], X
    )
    assert inside[0] == [1] * len(before)
    assert [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"] == before


def test_a_pass_within_a_pass_ends():
    answers = map_blocks(lambda _: len(map_blocks(lambda rows: rows, X)), X)
    assert set(answers) == {4}


def test_after_passes_at_once_blas_has_all_threads():
    from concurrent.futures import ThreadPoolExecutor

    from threadpoolctl import threadpool_info

    def count() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = count()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: map_blocks(lambda rows: X[rows].sum(), X), range(200)))
    assert count() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_pass_in_a_forked_child_ends():
    program = """
import os, sys, numpy as np
from headstart.head.parallel_rows import map_blocks
X = np.ones((2000, 3))
expected = map_blocks(lambda rows: X[rows].sum(), X)
child = os.fork()
if child == 0:
    os._exit(0 if map_blocks(lambda rows: X[rows].sum(), X) == expected else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
