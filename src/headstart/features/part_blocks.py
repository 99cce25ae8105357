"""Features in Parquet, block by block: for a head that is fitted in passes over them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy.typing as npt

from headstart.features.parquet_parts import COLUMN, to_matrix
from headstart.storage.remote_paths import open_for_reading


class PartBlocks:
    """The features of some Parquet files as `FeatureBlocks`: a block for each row group.

    Parameters
    ----------
    files
        With a column ``features``, a list of fixed length in each row.

    Attributes
    ----------
    n_features
        In each row.
    sizes
        Rows of each block.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        from pyarrow import parquet

        self._places: list[tuple[Path, int]] = []
        sizes: list[int] = []
        self.n_features = 0
        for file in files:
            with open_for_reading(file) as stream, parquet.ParquetFile(stream) as table:
                self.n_features = table.schema_arrow.field(COLUMN).type.list_size
                groups = range(table.num_row_groups)
                self._places += [(file, group) for group in groups]
                sizes += [table.metadata.row_group(group).num_rows for group in groups]
        self.sizes: Sequence[int] = tuple(sizes)
        self._local = threading.local()

    def read(self, number: int) -> npt.NDArray[Any]:
        """Return the (n, D) features of a block, float16 or float32. Called in several threads."""
        file, group = self._places[number]
        table = self._open(file)
        return to_matrix(table.read_row_group(group, columns=[COLUMN], use_threads=False)[COLUMN])

    def _open(self, file: Path) -> Any:
        """Return the file's reader of this thread, which keeps the last one open."""
        from pyarrow import parquet

        if getattr(self._local, "file", None) != file:
            if hasattr(self._local, "stack"):
                self._local.stack.close()
            self._local.stack = ExitStack()
            stream = self._local.stack.enter_context(open_for_reading(file))
            self._local.table = self._local.stack.enter_context(parquet.ParquetFile(stream))
            self._local.file = file
        return self._local.table
