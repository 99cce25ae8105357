"""What can be scanned: a folder of photos, a table of them, or tar shards, here or in a store."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from headstart.catalog.csv_file import read_csv
from headstart.catalog.layouts import read_folder
from headstart.catalog.parquet_file import find_parquet, read_parquet
from headstart.catalog.shard_files import find_shards, read_shards
from headstart.catalog.source_listing import SourceListing
from headstart.errors import CatalogError
from headstart.pixels.photo_bytes import explain_unreadable
from headstart.storage.remote_paths import RemotePath, find_path_kind, make_path
from headstart.storage.tar_shards import is_shard


def open_source(source: str | Path) -> tuple[Path, str]:
    """Return the path of a source, and whether it is a ``folder`` or a ``file``.

    Raises
    ------
    CatalogError
        If it is neither.
    """
    path = make_path(source)
    with suppress(RuntimeError):  # ~ and a name that is nobody's
        path = path.expanduser()
    try:
        kind = find_path_kind(path)
    except (OSError, ValueError) as error:  # of stores
        raise CatalogError(f"Cannot scan '{path}': {explain_unreadable(error)}. Check the path and the keys.") from None
    if kind is None:
        got = "neither a folder nor a file" if os.path.lexists(path) else "a path that does not exist"
        raise CatalogError(
            f"Cannot scan '{path}': got {got}, need a folder of photos, a table (CSV or Parquet) or tar shards. "
            "Check the path."
        )
    return path, kind


def find_source(source: str | Path, *, is_for_training: bool) -> SourceListing:
    """Return what a source says of its photos; tar shards are read for it, all else is only listed.

    Raises
    ------
    CatalogError
        If it is nothing that can be scanned.
    """
    path, kind = open_source(source)
    try:
        parquet = find_parquet(path, kind)
        if parquet is not None:
            return read_parquet(path, parquet)
        shards = list_shards(path, kind)
        if shards:
            return read_shards(path, shards, is_for_training=is_for_training)
        if kind == "folder":
            return read_folder(path, is_for_training=is_for_training)
        return read_csv(path)
    except PermissionError as error:
        raise CatalogError(f"Cannot scan '{path}': {error.strerror}. Ask for permission to read it.") from None
    except OSError as error:
        if not isinstance(path, RemotePath):
            raise
        raise CatalogError(f"Cannot scan '{path}': {explain_unreadable(error)}. Check the path and the keys.") from None


def list_shards(path: Path, kind: str) -> list[Path]:
    """Return the tar shards that a source consists of; none if it is something else."""
    if kind == "file":
        return [path] if is_shard(path) else []
    return find_shards(path)
