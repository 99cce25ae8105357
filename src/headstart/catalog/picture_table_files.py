"""List the pictures inside tables: Parquet files as model hubs write them, and Arrow files of ``datasets``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headstart.catalog.classes import clean_label
from headstart.catalog.hashing import hash_bytes
from headstart.catalog.photo import Skip
from headstart.catalog.shard_files import describe_shards, find_split
from headstart.catalog.source_listing import ListedPhoto, SourceListing
from headstart.catalog.split import parse_split
from headstart.catalog.table_columns import OTHER_NAMES, ColumnNames, find_columns
from headstart.catalog.table_paths import TablePaths
from headstart.catalog.walk import walk_folder
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.pixels.file_format import is_photo_name
from headstart.pixels.photo_bytes import explain_unreadable
from headstart.storage.picture_tables import ARROW, SUFFIXES, Schema, list_names, name_row, read_schema, walk_batches
from headstart.storage.remote_paths import check_pyarrow, make_path

KIND = "table with pictures"
HUB_FOLDERS = ("data", "default")  # beside folders named like splits
SPLITS_FILE = "dataset_dict.json"  # in a folder with a folder of Arrow files for each split
NOT_DATA = ("cache-", "tmp", "_", ".")  # prefixes of other files that the library leaves


def find_nested_tables(root: Path, depth: int = 2) -> list[Path]:
    """Return the tables of a folder and of its folders named like splits, ``data`` or ``default``, sorted.

    The list is empty if the folder has other folders, or photos.
    """
    inside = walk_folder(root, depth=0)[0][""]
    is_split = [name for name in inside.folders if parse_split(name) is not None or name in HUB_FOLDERS]
    folders = inside.folders if SPLITS_FILE in inside.files else is_split
    if len(folders) < len(inside.folders) or any(map(is_photo_name, inside.files)):
        return []
    files = [root / name for name in inside.files if name.endswith(SUFFIXES) and not name.startswith(NOT_DATA)]
    for name in folders if depth else ():
        files += find_nested_tables(root / name, depth - 1)
    return files


def holds_pictures(files: Sequence[Path], columns: ColumnNames) -> bool:
    """Say whether tables have pictures inside, by the columns of the first one."""
    if not files:
        return False
    with _explain_failures(files[0]):
        schema = read_schema(files[0])
    return files[0].name.endswith(ARROW) or _choose_column(files[0], schema, columns) is not None


def list_pictures(file: Path) -> list[Path]:
    """Return the paths of the pictures in a table, in the order of its rows."""
    with _explain_failures(file):
        schema = read_schema(file)
        column = _get_column(file, schema, ColumnNames())
        names = list_names(file, column, has_names=column in schema.records)
        return [make_path(name_row(file, column, row, name)) for row, name in enumerate(names)]


def read_picture_tables(
    path: Path, files: Sequence[Path], columns: ColumnNames, here: Path | None = None, *, is_for_training: bool = True,
    is_alone: bool = True,
) -> SourceListing:  # fmt: skip
    """List the photos inside tables, with their digests, in one pass over each table.

    Rows without a label, as in the test splits of hubs, and rows without a picture are skipped. A row that has a path
    instead of bytes is the file at that path. Splits are taken from a column, or from the names of files and folders.

    Raises
    ------
    CatalogError
        If a table cannot be read, or its columns of pictures and labels are not clear. The message lists its columns.
    """
    photos: list[ListedPhoto] = []
    skipped: list[Skip] = []
    notes: list[Note] = []
    for file in files:
        with _explain_failures(file):
            table, said = _open_table(file, path, columns, here)
            notes += [note for note in said if note not in notes]
            for one in table.walk():
                photos += [one] if isinstance(one, ListedPhoto) else []
                skipped += [one] if isinstance(one, Skip) else []
    listing = describe_shards(
        path, photos, skipped, is_for_training=is_for_training, kind="tables with pictures", is_alone=is_alone
    )
    return replace(listing, notes=[*listing.notes, *notes])


@dataclass(frozen=True)
class _Table:
    """A table with pictures; ``names`` has its columns by ours, and ``class_names`` those of numbered labels."""

    file: Path
    names: dict[str, str]
    class_names: Sequence[str]
    paths: TablePaths
    split: str | None

    def walk(self) -> Iterator[ListedPhoto | Skip]:
        """Yield the photo of each row, or the reason why there is none. A few hundred rows are in memory at a time."""
        row = 0
        for batch in walk_batches(self.file, list(dict.fromkeys(self.names.values()))):
            for cells in batch.to_pylist():
                yield self._make_photo(row, {column: cells[name] for column, name in self.names.items()})
                row += 1

    def _make_photo(self, row: int, cells: dict[str, Any]) -> ListedPhoto | Skip:
        picture, group, digest = cells["path"], cells.get("group"), None
        data, name = (picture["bytes"], picture["path"]) if isinstance(picture, dict) else (picture, None)
        label, problem = _find_label(cells["label"], self.class_names)
        file = name_row(self.file, self.names["path"], row, name)
        if data is None and name:
            file = self.paths.find(name)
        elif data is None:
            problem = "the row has no picture"
        elif not problem:
            hashed = hash_bytes(data)
            digest, problem = hashed.digest, hashed.reason or ""
        if problem:
            return Skip(make_path(file), problem)
        split = parse_split(str(cells.get("split") or "")) or self.split
        return ListedPhoto(file, label, split, group=None if group is None else str(group), digest=digest)


def _open_table(file: Path, root: Path, columns: ColumnNames, here: Path | None) -> tuple[_Table, tuple[Note, ...]]:
    schema = read_schema(file)
    found = find_columns(file, KIND, schema.names, replace(columns, path=_get_column(file, schema, columns)))
    names = {name: schema.names[at] for name, at in found.positions.items() if name != "weight"}
    if names["label"] in schema.lists:
        raise CatalogError(
            f"Cannot read '{file}': got lists in column '{names['label']}', need one label for each photo. Give "
            f"another --label-column (its columns: {', '.join(schema.names)[:400]}).", path=file,
        )  # fmt: skip
    class_names = schema.class_names.get(names["label"], ())
    return _Table(file, names, class_names, TablePaths(file.parent, here), find_split(file, root)), found.notes


def _find_label(value: Any, class_names: Sequence[str]) -> tuple[str, str]:
    """Return the label of a cell, and the reason why it is none, or an empty text."""
    if value is None or (class_names and value == -1):  # so hubs mark the photos of a test split without labels
        return "", "has no label"
    if class_names and isinstance(value, int):
        if not 0 <= value < len(class_names):
            return "", f"has the label {value}, need one of the {len(class_names):,} classes of the table"
        value = class_names[value]
    label = clean_label(str(value))
    return label or "", "" if label else f"has the label {str(value)[:40]!a}, need plain text"


def _get_column(file: Path, schema: Schema, columns: ColumnNames) -> str:
    column = _choose_column(file, schema, columns)
    if column is None:
        raise CatalogError(
            f"Cannot read '{file}': got no column of pictures (its columns: {', '.join(schema.names)[:400]}), need one "
            "of bytes, or of records of bytes and path. Give another table.", path=file,
        )  # fmt: skip
    return column


def _choose_column(file: Path, schema: Schema, columns: ColumnNames) -> str | None:
    """Return the column of pictures, or None if the table has none: then its photos are at paths."""
    pictures = [name for name in schema.names if name in schema.records]
    if not pictures and "path" not in schema.names:
        pictures = [name for name in schema.names if name in schema.binaries]
    if columns.path is not None:
        known = schema.records | schema.binaries
        return next((name for name in schema.names if name == columns.path and name in known), None)
    usual = [name for name in pictures if re.sub(r"[\s_.-]", "", name.casefold()) in ("path", *OTHER_NAMES["path"])]
    if len(pictures) > 1 and len(usual) != 1:
        raise CatalogError(
            f"Cannot read '{file}': got the columns {' and '.join(map(repr, pictures))} of pictures, need one. Choose "
            f"with --path-column (its columns: {', '.join(schema.names)[:400]}).", path=file,
        )  # fmt: skip
    return next(iter(pictures if len(pictures) == 1 else usual), None)


@contextmanager
def _explain_failures(file: Path) -> Iterator[None]:
    check_pyarrow(f"read '{file}'")
    try:
        yield
    except OSError as error:
        raise CatalogError(f"Cannot read '{file}': {explain_unreadable(error)}. Check it.", path=file) from None
