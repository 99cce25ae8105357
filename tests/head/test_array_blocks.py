"""Blocks of an array are copies of its rows."""

import numpy as np

from headstart.head.array_blocks import BLOCK_ROWS, RowBlocks
from headstart.storage.large_arrays import allocate_array


def test_blocks_are_the_rows_also_of_a_file(monkeypatch):
    monkeypatch.setattr("headstart.storage.large_arrays.LARGE_BYTES", 0)
    X = allocate_array((BLOCK_ROWS + 5, 3))
    X[:] = np.arange(X.size).reshape(X.shape)
    blocks = RowBlocks(X)
    assert blocks.sizes == (BLOCK_ROWS, 5)
    np.testing.assert_array_equal(np.concatenate([blocks.read(0), blocks.read(1)]), X)
    assert not isinstance(blocks.read(0), np.memmap)
    blocks.read(1)[:] = -1
    assert (X >= 0).all()
