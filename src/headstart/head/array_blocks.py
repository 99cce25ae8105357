"""The rows of an array in a file, block by block, so that no more of them are in memory than are worked on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.storage.large_arrays import release_rows

BLOCK_ROWS = 2048


class RowBlocks:
    """An (N, D) array of float16 or float32 as `FeatureBlocks`.

    Examples
    --------
    >>> blocks = RowBlocks(np.zeros((3000, 2), np.float32))
    >>> blocks.n_features, blocks.sizes, blocks.read(1).shape
    (2, (2048, 952), (952, 2))
    """

    def __init__(self, X: npt.NDArray[Any]) -> None:
        self._X = X
        self.n_features = X.shape[1]
        starts = range(0, len(X), BLOCK_ROWS)
        self.sizes: Sequence[int] = tuple(min(BLOCK_ROWS, len(X) - start) for start in starts)

    def read(self, number: int) -> npt.NDArray[Any]:
        """Return a copy of a block's rows, which are no longer held where they come from."""
        rows = self._X[number * BLOCK_ROWS : (number + 1) * BLOCK_ROWS]
        block = np.array(rows)
        release_rows(rows)
        return block
