"""Pictures inside tables, as model hubs write them. The path of a picture in a table begins with the table's path.

``pets/train.parquet/image/000000012_cat.jpg`` is the picture in column ``image`` and row 12, counted from 0, of
``pets/train.parquet``. The text after the number is only for readers. A column holds bytes, or records of ``bytes``
and ``path``. Parquet files are read one row group at a time, large groups in pieces; Arrow files (of the library
``datasets``) through a memory map.
"""

from __future__ import annotations

import json
import math
import os
import re
import threading
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.storage.remote_paths import RemotePath, check_pyarrow, open_for_reading

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET, ARROW = ".parquet", ".arrow"
SUFFIXES = (PARQUET, ARROW)
N_DIGITS = 9  # of a row's number in a path
N_PIECES = 2  # kept in memory: photos are read nearly in order
BUFFER_BYTES = 1 << 20
PIECE_BYTES = 64 << 20  # of a row group that is read at a time; to reach a later piece, those before it are read again
_ROW = re.compile(rf"(\d{{{N_DIGITS}}})(_[A-Za-z0-9._-]*)?")
_lock = threading.Lock()
if hasattr(os, "register_at_fork"):  # a child of a process that reads must not find the lock held by nobody
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


@dataclass(frozen=True)
class Schema:
    """Columns of a table.

    Attributes
    ----------
    names
        Names of all columns, in order.
    records, binaries
        Names of the columns with pictures: as records of ``bytes`` and ``path``, and as bytes alone.
    lists
        Names of the columns of lists.
    class_names
        Names of the classes by column, for a column that holds their numbers.
    """

    names: tuple[str, ...]
    records: frozenset[str]
    binaries: frozenset[str]
    lists: frozenset[str]
    class_names: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Piece:
    """Rows that are read together: ``n_rows`` of a row group from its row ``first`` on, and from ``start`` of all."""

    start: int
    group: int
    first: int
    n_rows: int


def name_row(table: Path, column: str, row: int, name: str | None) -> str:
    """Return the path of a picture, given the file name that the table has for it."""
    shown = re.sub(r"[^A-Za-z0-9._-]", "_", re.split(r"[\\/]", name)[-1])[-80:] if name else ""
    return str(table / column / f"{row:0{N_DIGITS}d}{f'_{shown}' if shown else ''}")


def split_row(path: Path) -> tuple[Path, str, int] | None:
    """Return the table, the column and the row in a path, or None for a path of something else."""
    match = _ROW.fullmatch(path.name)
    if match is None:
        return None
    for parent in path.parents:
        if parent.name.endswith(SUFFIXES) and (isinstance(parent, RemotePath) or parent.is_file()):
            column = path.parent.relative_to(parent).as_posix()
            return (parent, column, int(match[1])) if column != "." else None
    return None


def read_row(table: Path, column: str, row: int, max_bytes: int) -> bytes:
    """Return the bytes of a picture, of a larger one the first ``max_bytes + 1``, or raise OSError."""
    with explain_arrow():
        with _lock:  # threads that need the same row group wait for the first
            stamp = _stamp(table)
            pieces, n_rows = _list_pieces(table, stamp)
            if not 0 <= row < n_rows:
                raise FileNotFoundError(2, "does not exist in the table")
            piece = pieces[bisect_right(pieces, row, key=lambda piece: piece.start) - 1]
            cells = _read_piece(table, column, piece, stamp)
        cell = cells[row - piece.start]
        if not cell.is_valid:
            raise OSError("the row has no picture")
        data: bytes = memoryview(cell.as_buffer())[: max_bytes + 1].tobytes()
    return data


def read_schema(table: Path) -> Schema:
    """Return the columns of a table, or raise OSError if it cannot be read."""
    import pyarrow as pa

    with _open_table(table) as opened:
        schema = opened.schema_arrow if table.name.endswith(PARQUET) else opened.schema
    kinds = {field.name: field.type for field in schema}
    binaries = {name for name, kind in kinds.items() if _is_binary(kind)}
    records = {
        name
        for name, kind in kinds.items()
        if pa.types.is_struct(kind)
        and {"bytes", "path"} <= {part.name for part in kind}
        and _is_binary(kind.field("bytes").type)
    }
    lists = {name for name, kind in kinds.items() if pa.types.is_nested(kind) and name not in records}
    classes = _read_class_names((schema.metadata or {}).get(b"huggingface"))
    return Schema(tuple(schema.names), frozenset(records), frozenset(binaries), frozenset(lists), classes)


def walk_batches(table: Path, columns: list[str], n_rows: int = 256) -> Iterator[pa.RecordBatch]:
    """Yield batches of rows in order, with these columns alone; raise OSError if the table is damaged."""
    with explain_arrow(), _open_table(table) as opened:
        if table.name.endswith(PARQUET):
            for batch in opened.iter_batches(n_rows, columns=columns):
                batch.validate(full=True)  # texts of a damaged file need not be UTF-8
                yield batch
            return
        for group in range(_count_batches(opened)):
            batch = _get_batch(opened, group).select(columns)
            batch.validate(full=True)  # offsets of a damaged file may lie outside of it
            yield batch


def list_names(table: Path, column: str, *, has_names: bool) -> Iterator[str | None]:
    """Yield the file name of each picture, or None; only records have names."""
    leaf = f"{column}.path" if has_names and table.name.endswith(PARQUET) else column
    for batch in walk_batches(table, [leaf]):
        cells = batch.column(0)
        yield from cells.field("path").to_pylist() if has_names else [None] * len(cells)


@contextmanager
def explain_arrow() -> Iterator[None]:
    """Turn the errors of pyarrow into OSError."""
    check_pyarrow("read pictures in a table")
    import pyarrow as pa

    try:
        yield
    except pa.ArrowException as error:
        raise OSError((str(error).splitlines() or [type(error).__name__])[0]) from None
    except UnicodeDecodeError:
        raise OSError("a name of a column is not UTF-8") from None


def _is_binary(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _read_class_names(text: bytes | None) -> dict[str, tuple[str, ...]]:
    """Return the names of the classes by column, from the metadata that the library ``datasets`` writes."""
    try:
        features = json.loads(text or b"{}")["info"]["features"]
        return {
            column: tuple(map(str, feature["names"]))
            for column, feature in features.items()
            if isinstance(feature, dict) and isinstance(feature.get("names"), list)
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


@contextmanager
def _open_table(table: Path) -> Iterator[Any]:
    """Open a Parquet file, or the batches of an Arrow file in one of its two formats."""
    import pyarrow as pa
    from pyarrow import parquet

    with explain_arrow():
        if table.name.endswith(PARQUET):
            # so that a column of a row group is read in pieces, not as a whole
            frugal = {"pre_buffer": False, "buffer_size": BUFFER_BYTES}
            with open_for_reading(table) as stream, parquet.ParquetFile(stream, **frugal) as opened:
                yield opened
            return
        if isinstance(table, RemotePath):
            raise OSError("Arrow files in a store are not read: copy the file to this machine")
        with pa.memory_map(str(table)) as source:
            is_file = source.read(6) == b"ARROW1"
            source.seek(0)
            # a memory map is not read: only the pages that are used are loaded
            yield pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source).read_all()


def _count_batches(opened: Any) -> int:
    return opened.num_record_batches if hasattr(opened, "num_record_batches") else len(opened.to_batches())


def _get_batch(opened: Any, group: int) -> pa.RecordBatch:
    return opened.get_batch(group) if hasattr(opened, "get_batch") else opened.to_batches()[group]


def _stamp(table: Path) -> object:
    if isinstance(table, RemotePath):
        return None  # a table in a store is assumed not to change
    status = table.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


@lru_cache(maxsize=64)
def _list_pieces(table: Path, stamp: object) -> tuple[list[_Piece], int]:  # noqa: ARG001  part of the cache's key
    """Return the pieces of a table in order, and its number of rows."""
    pieces: list[_Piece] = []
    n_rows = 0
    with _open_table(table) as opened:
        if table.name.endswith(PARQUET):
            groups = [opened.metadata.row_group(i) for i in range(opened.metadata.num_row_groups)]
            sizes = [(group.num_rows, group.total_byte_size) for group in groups]
        else:
            sizes = [(_get_batch(opened, i).num_rows, 0) for i in range(_count_batches(opened))]
    for group, (n, n_bytes) in enumerate(sizes):
        step = max(1, math.ceil(n / max(1, math.ceil(n_bytes / PIECE_BYTES))))
        pieces += [_Piece(n_rows + first, group, first, min(step, n - first)) for first in range(0, n, step)]
        n_rows += n
    return pieces, n_rows


@lru_cache(maxsize=N_PIECES)
def _read_piece(table: Path, column: str, piece: _Piece, stamp: object) -> Any:  # noqa: ARG001  part of the cache's key
    """Return the bytes of the pictures in a piece, as a chunked array."""
    import pyarrow as pa

    schema = read_schema(table)
    if column not in schema.records | schema.binaries:
        raise FileNotFoundError(2, "does not exist in the table")
    with _open_table(table) as opened:
        if table.name.endswith(PARQUET):
            chunks, n_before = [], 0
            for batch in opened.iter_batches(piece.n_rows, row_groups=[piece.group], columns=[column]):
                if n_before + len(batch) > piece.first:  # a slice without rows would keep its whole batch in memory
                    chunks.append(batch.column(0).slice(max(0, piece.first - n_before)))
                n_before += len(batch)
                if n_before >= piece.first + piece.n_rows:
                    break
        else:
            batch = _get_batch(opened, piece.group).select([column])
            batch.validate(full=True)  # offsets of a damaged file may lie outside of it
            chunks = [batch.column(0)]
        if column in schema.records:  # `flatten` counts from the slice's first row, `field` does not
            at = chunks[0].type.get_field_index("bytes")
            chunks = [chunk.flatten()[at] for chunk in chunks]
        return pa.chunked_array(chunks)
