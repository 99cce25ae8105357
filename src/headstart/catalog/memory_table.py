"""Read a table of photos from memory: a pandas DataFrame, or paths with their labels."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from headstart.catalog.source_listing import SourceListing
from headstart.catalog.table_columns import BY_NAME, COLUMNS, ColumnNames, find_columns
from headstart.catalog.table_rows import TableRows
from headstart.errors import CatalogError

if TYPE_CHECKING:
    import pandas as pd

NAME = "table"  # of the source, and of its run folder
KIND = "table in memory"

InMemory: TypeAlias = "pd.DataFrame | tuple[Sequence[Any], Sequence[Any]]"
"""A DataFrame with the columns of a CSV, or a tuple of paths and labels: lists, arrays or pandas Series."""


@dataclass(frozen=True)
class MemoryTable:
    """Names of the columns, and the cells of each row. Empty cells are None."""

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def copy_table(given: object) -> MemoryTable | None:
    """Return the table in an object, or None if it is neither a DataFrame nor a tuple of two sequences.

    CatalogError is raised if a tuple has not as many labels as paths.
    """
    pandas = sys.modules.get("pandas")  # an object of pandas has imported it
    if pandas is not None and isinstance(given, pandas.DataFrame):
        rows = given.itertuples(index=False, name=None)
        return MemoryTable(tuple(map(str, given.columns)), tuple(tuple(map(_clean_cell, row)) for row in rows))
    if not isinstance(given, tuple) or len(given) != 2:
        return None
    paths, labels = (_list_cells(cells) for cells in given)
    if paths is None or labels is None:
        return None
    if len(paths) != len(labels):
        raise CatalogError(
            f"Cannot scan (paths, labels): got {len(paths):,} paths and {len(labels):,} labels, need a label for each "
            "path. Give two sequences of the same length."
        )
    return MemoryTable(("path", "label"), tuple(zip(paths, labels, strict=True)))


def read_memory_table(table: MemoryTable, columns: ColumnNames = BY_NAME, here: Path | None = None) -> SourceListing:
    """List the photos of a table in memory, one in each row; the first row is row 1.

    Paths are absolute, URIs, or relative to the working folder ``here``. Labels need not be texts: numbers become
    texts. The errors are those of `read_csv`.
    """
    found = find_columns(NAME, KIND, table.names, columns)
    rows = TableRows(Path(NAME), here or Path(), here=here)
    rows.notes += found.notes
    photos = []
    for number, cells in enumerate(table.rows, 1):
        path = cells[found.positions["path"]]
        if not isinstance(path, str | os.PathLike | None):
            rows.problems.append(f"row {number} has the path {str(path)[:40]!a} ({type(path).__name__}), need text")
        texts = {column: cells[at] for column, at in found.positions.items()}
        row = {name: "" if texts.get(name) is None else str(texts[name]) for name in COLUMNS}
        photos.append(rows.read({name: text if name == "path" else text.strip() for name, text in row.items()}, number))
    rows.check()
    return rows.describe(KIND, photos)


def _list_cells(cells: object) -> list[Any] | None:
    """Return the cells of a list, an array or a Series, or None for something else, such as a text."""
    if isinstance(cells, str | bytes | os.PathLike) or not hasattr(cells, "__len__") or not hasattr(cells, "__iter__"):
        return None
    values = cells.tolist() if hasattr(cells, "tolist") else list(cells)  # Python numbers instead of numpy's
    return [_clean_cell(cell) for cell in values]


def _clean_cell(cell: Any) -> Any:
    """Return a cell, or None for a missing value: NaN, or pandas' NA and NaT."""
    is_missing = (isinstance(cell, float) and math.isnan(cell)) or type(cell).__name__ in ("NAType", "NaTType")
    return None if is_missing else cell
