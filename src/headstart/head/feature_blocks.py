"""Features larger than memory: blocks of rows that are read again at each pass, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from headstart.errors import FitError
from headstart.head.float16 import widen
from headstart.head.parallel_rows import map_items, split_rows
from headstart.process.progress import Progress, ignore_progress
from headstart.storage.large_arrays import release_rows

Answer = TypeVar("Answer")
BLOCK_ROWS = 2048  # of an array in a file
PART_ROWS = 256  # of a block that are processed together: 1.3 MB of 1,280 numbers, which fit into a core's cache


class FeatureBlocks(Protocol):
    """N rows of D features in blocks.

    Attributes
    ----------
    n_features
        D.
    sizes
        Rows per block. A few thousand are best, because each core holds one block in memory.
    """

    @property
    def n_features(self) -> int: ...  # noqa: D102

    @property
    def sizes(self) -> Sequence[int]: ...  # noqa: D102

    def read(self, number: int) -> npt.NDArray[Any]:
        """Return the block (sizes[number], D), float16 or float32. Called from several threads at once."""
        ...


class RowBlocks:
    """The rows of an (N, D) array of float16 or float32 as `FeatureBlocks`; the array may lie in a file.

    Examples
    --------
    >>> blocks = RowBlocks(np.zeros((3000, 2), np.float32))
    >>> blocks.n_features, blocks.sizes, blocks.read(1).shape
    (2, (2048, 952), (952, 2))
    """

    def __init__(self, X: npt.NDArray[Any]) -> None:
        self._X = X
        self.n_features = X.shape[1]
        self.sizes: Sequence[int] = tuple(rows.stop - rows.start for rows in split_rows(len(X), BLOCK_ROWS))

    def read(self, number: int) -> npt.NDArray[Any]:
        """Return a copy of a block, and release its rows in the array from memory."""
        rows = self._X[number * BLOCK_ROWS : (number + 1) * BLOCK_ROWS]
        block = np.array(rows)
        release_rows(rows)
        return block


def run_pass(
    blocks: FeatureBlocks, function: Callable[[npt.NDArray[Any], slice], Answer], progress: Progress = ignore_progress
) -> Iterator[Answer]:
    """Call a function for every block, in several threads; yield the answers in the order of the blocks.

    The function takes a block and the slice of its rows in all rows. ``progress`` takes the number of rows done and the
    number of all rows, after each block.
    """
    stops = np.cumsum(blocks.sizes).tolist()

    def work(number: int) -> Answer:
        rows = slice(stops[number] - blocks.sizes[number], stops[number])
        return function(_read_block(blocks, number), rows)

    numbers = [number for number, size in enumerate(blocks.sizes) if size]
    for number, answer in zip(numbers, map_items(work, numbers), strict=True):
        progress(stops[number], stops[-1])
        yield answer


def widen_parts(X: npt.NDArray[Any]) -> Iterator[tuple[slice, npt.NDArray[np.float32]]]:
    """Yield slices of a block and their rows in float32; the next rows overwrite the last."""
    out = np.empty((min(len(X), PART_ROWS), X.shape[1]), np.float32)
    for part in split_rows(len(X), PART_ROWS):
        wide = out[: part.stop - part.start]
        widen(X[part], wide)
        yield part, wide


def _read_block(blocks: FeatureBlocks, number: int) -> npt.NDArray[Any]:
    X = blocks.read(number)
    expected = (blocks.sizes[number], blocks.n_features)
    if X.shape != expected or X.dtype not in (np.float16, np.float32):
        raise FitError(
            f"Cannot read block {number} of the features: got {X.shape} of {X.dtype}, need {expected} of float16 or "
            "float32. Write the features again."
        )
    return X
