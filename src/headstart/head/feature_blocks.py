"""Features that outgrow memory: read block by block at each pass, several blocks at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from headstart.errors import FitError
from headstart.head.parallel_rows import map_items
from headstart.process.progress import Progress

Answer = TypeVar("Answer")
PART_ROWS = 256  # of a block that are worked on at a time: 1.3 MB of 1,280 numbers, which a core's own cache holds


class FeatureBlocks(Protocol):
    """Features in blocks of rows, which are read again at each pass.

    Attributes
    ----------
    n_features
        D.
    sizes
        Rows of each block. A few thousand are best: each core holds a block in memory, as it was read.
    """

    @property
    def n_features(self) -> int: ...  # noqa: D102

    @property
    def sizes(self) -> Sequence[int]: ...  # noqa: D102

    def read(self, number: int) -> npt.NDArray[Any]:
        """Return the block (sizes[number], D), float16 or float32. Called from several threads at once."""
        ...


def run_pass(
    blocks: FeatureBlocks,
    function: Callable[[npt.NDArray[Any], slice], Answer],
    progress: Progress,
) -> Iterator[Answer]:
    """Read every block and call a function for it; yield the answers in order, whichever block is done first.

    Parameters
    ----------
    function
        Takes a block and the place of its rows among all. Called in several threads.
    progress
        Called after each block with the number of rows done and of all rows.

    Raises
    ------
    FitError
        If a block has another shape than was said, or holds no float16 or float32.
    """
    stops = np.cumsum(blocks.sizes).tolist()

    def work(number: int) -> Answer:
        rows = slice(stops[number] - blocks.sizes[number], stops[number])
        return function(_read_block(blocks, number), rows)

    numbers = [number for number, size in enumerate(blocks.sizes) if size]
    for number, answer in zip(numbers, map_items(work, numbers), strict=True):
        progress(stops[number], stops[-1])
        yield answer


def split_rows(n_rows: int) -> Iterator[slice]:
    """Yield slices of a block's rows that are small enough for a core's cache.

    Examples
    --------
    >>> list(split_rows(300))
    [slice(0, 256, None), slice(256, 300, None)]
    """
    for start in range(0, n_rows, PART_ROWS):
        yield slice(start, min(start + PART_ROWS, n_rows))


def _read_block(blocks: FeatureBlocks, number: int) -> npt.NDArray[Any]:
    X = blocks.read(number)
    expected = (blocks.sizes[number], blocks.n_features)
    if X.shape != expected or X.dtype not in (np.float16, np.float32):
        raise FitError(
            f"Cannot read block {number} of the features: got {X.shape} of {X.dtype}, need {expected} of float16 or "
            "float32. Write the features anew."
        )
    return X
