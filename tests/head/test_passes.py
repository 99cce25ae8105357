"""Passes over rows: in order, the same on any number of cores, and errors surface."""

import numpy as np
import pytest

from headstart.head import passes
from headstart.head.passes import map_blocks, sum_blocks

X = np.random.default_rng(0).normal(size=(2000, 30)).astype(np.float32)


@pytest.mark.parametrize("n_cores", [1, 2, 7])
def test_any_number_of_cores_gives_the_same_bits(monkeypatch, n_cores):
    monkeypatch.setattr(passes, "count_cores", lambda: n_cores)
    monkeypatch.setattr(passes, "BLOCK_ROWS", 64)
    slices = map_blocks(lambda rows: rows, X)
    assert np.concatenate([np.arange(2000)[rows] for rows in slices]).tolist() == list(range(2000))
    total = sum_blocks(lambda rows: X[rows].sum(0), X)
    expected = np.zeros(30, np.float32)
    for start in range(0, 2000, 64):
        expected += X[start : start + 64].sum(0)
    np.testing.assert_array_equal(total, expected)


def test_an_error_in_a_block_surfaces():
    with pytest.raises(ZeroDivisionError):
        map_blocks(lambda rows: 1 / 0, X)


def test_blas_is_told_to_stay_and_then_let_go():
    from threadpoolctl import threadpool_info

    before = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    inside = map_blocks(
        lambda rows: [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"], X
    )
    assert inside[0] == [1] * len(before)
    assert [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"] == before
