"""Read a table of photos from Parquet (``path,label[,split][,group][,weight]``), or the rows of embedded features."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.catalog.manifest import FILE_NAME, Manifest
from headstart.catalog.shard_files import describe_shards
from headstart.catalog.source_listing import ListedPhoto, SourceListing
from headstart.catalog.table_columns import BY_NAME, COLUMNS, RULE, ColumnNames, find_columns
from headstart.catalog.table_rows import TableRows
from headstart.errors import CatalogError
from headstart.pixels.photo_bytes import explain_unreadable
from headstart.pixels.views import AS_IT_IS
from headstart.storage.remote_paths import check_pyarrow, list_file_names, make_path, open_for_reading

SUFFIX = ".parquet"
KIND = "Parquet table"
ROWS_AT_ONCE = 8192


def find_parquet_files(path: Path, *, is_folder: bool) -> list[Path] | None:
    """Return the Parquet files of a table, a file or a folder, sorted; None if the path is not a table.

    A folder is one if it has a manifest, if its name ends in .parquet, or if all its files do.
    """
    if not is_folder:
        return [path] if path.name.endswith(SUFFIX) else None
    names = list_file_names(path)
    shown = [name for name in names if not name.startswith(("_", "."))]
    is_table = bool(shown) and all(name.endswith(SUFFIX) for name in shown)
    if FILE_NAME in names or path.name.endswith(SUFFIX) or is_table:
        return [path / name for name in shown if name.endswith(SUFFIX)]
    return None


def read_parquet(
    path: Path, files: Sequence[Path], columns: ColumnNames = BY_NAME, here: Path | None = None
) -> SourceListing:
    """List the photos of a Parquet table, one in each row. The other parameters are those of `read_csv`."""
    check_pyarrow(f"read '{path}'")
    table = open_table(path, files, here=here)
    return table.describe(KIND, list(walk_parquet(table, files, columns)))


def open_table(
    path: Path, files: Sequence[Path], n_remembered: float = math.inf, here: Path | None = None
) -> TableRows:
    """Return the reader of a table's rows; ``n_remembered`` and ``here`` are as in `TableRows`."""
    return TableRows(path, path.parent if list(files) == [path] else path, n_remembered, here=here)


def read_names(file: Path) -> list[str]:
    """Return the names of the columns of a Parquet file."""
    with _open_parquet(file) as table:
        return list(table.schema_arrow.names)


def count_rows(file: Path) -> int:
    """Return the number of rows of a Parquet file."""
    with _open_parquet(file) as table:
        n_rows: int = table.metadata.num_rows
    return n_rows


def walk_parquet(table: TableRows, files: Sequence[Path], columns: ColumnNames = BY_NAME) -> Iterator[ListedPhoto]:
    """Yield the photo of each row. A few thousand rows are in memory at a time.

    The paths of the first of them decide which folder all paths are relative to.
    """
    number = 0
    check_pyarrow("read Parquet")
    for file in files:
        names = read_names(file)
        found = find_columns(file, KIND, names, columns)
        table.notes += [note for note in found.notes if note not in table.notes]
        at = {column: names[position] for column, position in found.positions.items()}
        for batch in read_batches(file, list(at.values())):
            rows = batch.to_pylist()
            cells = [{name: _write_cell(row.get(at.get(name))) for name in COLUMNS} for row in rows]
            if number == 0:
                table.choose_folder([row["path"] for row in cells])
            for row in cells:
                number += 1
                yield table.read(row, number)
    table.check()


def _write_cell(value: object) -> str:
    return "" if value is None else str(value).strip()


def read_embedded(path: Path, manifest: Manifest) -> SourceListing:
    """List the photos of a folder that ``headstart embed`` wrote, without reading them.

    CatalogError is raised if the embedding is not finished, or a photo is in it twice.
    """
    check_pyarrow(f"read '{path}'")
    if not manifest.is_complete:
        raise CatalogError(
            f"Cannot scan '{path}': the embedding is not finished, need all photos. Give the same headstart embed "
            "command again: it continues the work."
        )
    photos: list[ListedPhoto] = []
    seen = set[tuple[str, str]]()
    for name in manifest.parts:
        for batch in read_batches(path / name, [*COLUMNS, "hash", "view"], needed=("path", "label", "hash", "view")):
            for row in batch.to_pylist():
                if (row["path"], row["view"]) in seen:
                    raise CatalogError(
                        f"Cannot scan '{path}': got the photo '{row['path']}' twice, need each photo once. Remove one "
                        "from the table that was embedded, and embed it again."
                    )
                seen.add((row["path"], row["view"]))
                if row["view"] != AS_IT_IS.describe():  # another view of the same photo
                    continue
                photo = ListedPhoto(row["path"], row["label"], row.get("split"), digest=row["hash"])
                photos.append(replace(photo, group=row.get("group"), weight=float(row.get("weight", 1.0))))
    photos += [photo for photo, _ in manifest.broken]
    root, skipped = make_path(manifest.root), list(manifest.skipped)
    if manifest.plan is None:
        return describe_shards(root, photos, skipped)
    return SourceListing(
        root, photos, labels=frozenset(manifest.labels), plan=manifest.plan, skipped=skipped, notes=list(manifest.notes)
    )


def read_batches(file: Path, columns: Sequence[str], *, needed: Sequence[str] = ()) -> Iterator[Any]:
    """Yield batches of a few thousand rows, with those of the columns that the Parquet file has.

    CatalogError is raised if it is no Parquet file, or lacks a needed column.
    """
    with _open_parquet(file) as table:
        names = table.schema_arrow.names
        missing = [name for name in needed if name not in names]
        if missing:
            raise CatalogError(
                f"Cannot read '{file}': got no column {' and '.join(map(repr, missing))} (its columns: "
                f"{', '.join(names[:8])}), need {RULE}. Rename its columns.", path=file,
            )  # fmt: skip
        for batch in table.iter_batches(ROWS_AT_ONCE, columns=[name for name in columns if name in names]):
            batch.validate(full=True)  # texts of a damaged file need not be UTF-8
            yield batch


@contextmanager
def _open_parquet(file: Path) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with open_for_reading(file) as stream, parquet.ParquetFile(stream) as table:
            yield table
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        reason = explain_unreadable(OSError(str(error)))
        raise CatalogError(f"Cannot read '{file}': {reason}. Check it.", path=file) from None
