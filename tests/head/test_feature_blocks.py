"""Blocks are read once a pass, in order, and a wrong block is refused."""

import numpy as np
import pytest

from headstart.errors import FitError
from headstart.head.feature_blocks import BLOCK_ROWS, RowBlocks, run_pass
from headstart.storage.large_arrays import allocate_array

X = np.arange(50, dtype=np.float16).reshape(25, 2)


def test_every_row_is_read_once_in_order_and_progress_is_reported(cut_rows):
    blocks, told = cut_rows(X, 10), []
    seen = list(run_pass(blocks, lambda block, rows: (block, rows), lambda *numbers: told.append(numbers)))
    np.testing.assert_array_equal(np.concatenate([block for block, _ in seen]), X)
    assert [(rows.start, rows.stop) for _, rows in seen] == [(0, 10), (10, 20), (20, 25)]
    assert told == [(10, 25), (20, 25), (25, 25)]
    assert blocks.n_reads == 3


def test_an_empty_block_is_not_read(cut_rows):
    blocks = cut_rows(X, 25)
    blocks.sizes = [0, 25]
    blocks.read = lambda number: X if number else 1 / 0
    assert list(run_pass(blocks, lambda block, rows: len(block))) == [25]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (X[:9], r"Cannot read block 1 of the features: got \(9, 2\) of float16, need \(10, 2\)"),
        (X[:10, :1], r"got \(10, 1\) of float16, need \(10, 2\)"),
        (X[:10].astype(int), r"got \(10, 2\) of int64, need \(10, 2\) of float16 or float32"),
    ],
)
def test_a_block_of_another_shape_or_type_is_refused(cut_rows, block, message):
    blocks = cut_rows(X, 10)
    blocks.read = lambda number: block if number == 1 else X[10 * number : 10 * number + blocks.sizes[number]]
    with pytest.raises(FitError, match=message):
        list(run_pass(blocks, lambda block, rows: None))


def test_row_blocks_are_copies_of_the_rows_of_an_array_in_a_file(monkeypatch):
    monkeypatch.setattr("headstart.storage.large_arrays.LARGE_BYTES", 0)
    rows = allocate_array((BLOCK_ROWS + 5, 3))
    rows[:] = np.arange(rows.size).reshape(rows.shape)
    blocks = RowBlocks(rows)
    assert blocks.sizes == (BLOCK_ROWS, 5)
    np.testing.assert_array_equal(np.concatenate([blocks.read(0), blocks.read(1)]), rows)
    assert not isinstance(blocks.read(0), np.memmap)
    blocks.read(1)[:] = -1
    assert (rows >= 0).all()
