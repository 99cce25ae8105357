"""A source of photos: a folder, a table, tar shards or embedded features. Its kind is found out once, here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from headstart.catalog.class_folders import LAYOUTS
from headstart.catalog.csv_file import read_csv
from headstart.catalog.grouping import check_pattern, find_group_kind, group_listing
from headstart.catalog.layouts import read_folder
from headstart.catalog.manifest import Manifest, read_manifest
from headstart.catalog.memory_table import NAME, InMemory, MemoryTable, copy_table, read_memory_table
from headstart.catalog.parquet_file import find_parquet_files, read_embedded, read_parquet
from headstart.catalog.picture_table_files import find_nested_tables, holds_pictures, read_picture_tables
from headstart.catalog.several_sources import join_listings, join_names
from headstart.catalog.shard_files import find_shards, read_shards
from headstart.catalog.source_listing import SourceListing
from headstart.catalog.table_columns import BY_NAME, ColumnNames
from headstart.errors import CatalogError
from headstart.evaluation.group_words import FOLDER
from headstart.pixels.photo_bytes import explain_unreadable
from headstart.storage.picture_tables import ARROW
from headstart.storage.remote_paths import RemotePath, expand_path, find_path_kind, make_path
from headstart.storage.tar_shards import is_shard

TABLES = ("csv", "parquet", "memory")  # kinds with columns
RUN_FILES = ("catalog.csv", "metrics.json", "model.onnx")  # a folder with all of them is a run
OneSource: TypeAlias = "str | Path | Source | InMemory"
PhotoSource: TypeAlias = "OneSource | list[Any]"  # a list of sources


@dataclass(frozen=True)
class Source:
    """Where photos come from.

    Attributes
    ----------
    name
        Source as the user gave it.
    path
        Path without ``~``; a `RemotePath` for a URI.
    kind
        Kind of source. ``parquet``: Parquet or Arrow files. ``embedded``: output folder of ``headstart embed``.
        ``memory``: a table in memory. ``several``: those in ``parts``.
    files
        Parquet files or tar shards, in order; empty for other kinds.
    manifest
        Manifest of embedded features, or None.
    columns
        Names of a table's columns that the user gives.
    here
        Working folder, if it was another one when the source was found; see `TablePaths`.
    layout
        Which folders of a folder are the classes; see `read_folder`.
    table
        Table in memory, or None.
    group_from
        What gives the photos their groups, as `group_listing` takes it. None: a table's column, if it has one.
    group_root
        Folder to which paths are relative for ``group_from``. None: ``path``.
    parts
        The sources, if there are several.
    """

    name: str
    path: Path
    kind: Literal["folder", "csv", "parquet", "shards", "embedded", "memory", "several"]
    files: tuple[Path, ...] = ()
    manifest: Manifest | None = None
    columns: ColumnNames = BY_NAME
    here: Path | None = None
    layout: str = "auto"
    table: MemoryTable | None = None
    group_from: str | None = None
    group_root: Path | None = None
    parts: tuple[Source, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the sources, if there are several; else empty."""
        return tuple(part.name for part in self.parts)

    @property
    def group_kind(self) -> str:
        """The kind of the groups: ``camera``, ``folder`` or ``group``."""
        return find_group_kind(self.group_from)

    def make_absolute(self) -> Source:
        """Return the same source with absolute paths: they stay valid in other processes."""
        files = tuple(map(expand_path, self.files))
        parts = tuple(part.make_absolute() for part in self.parts)
        return replace(self, path=expand_path(self.path), files=files, here=self.here or Path.cwd(), parts=parts)


def find_source(
    source: PhotoSource, columns: ColumnNames = BY_NAME, *, layout: str = "auto", group_from: str | None = None
) -> Source:
    """Find out the kind of a source, or of each of several. No table, shard or photo is read, but names are listed.

    CatalogError is raised if the source does not exist, cannot be listed, has no columns although ``columns`` names
    some, or has no folders for the layout, or if ``group_from`` is no regular expression.
    """
    check_pattern(group_from)
    if group_from is not None and columns.group is not None:
        raise CatalogError(
            f"Cannot group photos: got the column {columns.group!r} and --group-from {group_from!r}, need one of them. "
            "Leave the other out."
        )
    if layout not in LAYOUTS:
        raise CatalogError(f"Cannot use layout {layout!r}: need one of {', '.join(LAYOUTS)}.")
    if isinstance(source, Source):
        return source
    found = _find_source(source)
    parts = [_give_options(part, columns, layout, group_from) for part in found.parts or [found]]
    given = columns.list_given()
    if given and not any(part.kind in TABLES for part in parts):
        raise CatalogError(
            f"Cannot scan '{found.path}': got --{next(iter(given))}-column for what has no columns, need a table (CSV "
            "or Parquet). Leave the option out, or give the table.", path=found.path,
        )  # fmt: skip
    if not any(part.kind == "folder" for part in parts):
        refuse_layout(layout, f"for '{found.path}': it is no folder of photos. Leave it out")
    return replace(found, parts=tuple(parts), group_from=group_from) if found.parts else parts[0]


def _give_options(source: Source, columns: ColumnNames, layout: str, group_from: str | None) -> Source:
    """Return a source with those options of reading that its kind has."""
    if group_from == FOLDER and source.kind == "folder" and layout == "auto":
        layout = "outer"  # the folders below the classes are known to be groups
    return replace(
        source, columns=columns if source.kind in TABLES else BY_NAME,
        layout=layout if source.kind == "folder" else "auto", group_from=group_from,
    )  # fmt: skip


def _find_source(source: PhotoSource) -> Source:
    table = copy_table(source)
    if table is not None:
        return Source(NAME, Path(NAME), "memory", table=table)
    if isinstance(source, Source):
        return source
    if isinstance(source, list):
        return _find_several(source)
    if not isinstance(source, str | Path):
        raise CatalogError(
            f"Cannot scan {str(source)[:40]!r}: got {type(source).__name__}, need a path, a pandas DataFrame or a "
            "tuple of paths and labels. Give one of these, or a list of several."
        )
    if not str(source).strip():  # as a path it would be the working folder
        raise CatalogError("Cannot scan '': got an empty name, need a path. Give '.' for the working folder.")
    path = make_path(source)
    with suppress(RuntimeError):  # ~ with the name of an unknown user
        path = path.expanduser()
    try:
        path_kind = find_path_kind(path)
    except (OSError, ValueError) as error:  # ValueError: of a name that no store can have
        raise _explain(path, error) from None
    if path_kind is None:
        got = "neither a folder nor a file" if os.path.lexists(path) else "a path that does not exist"
        raise CatalogError(
            f"Cannot scan '{path}': got {got}, need a folder of photos, a table (CSV or Parquet) or tar shards. "
            "Check the path.",
            path=path,
        )
    with _explain_failures(path):
        return _find_kind(str(source), path, is_folder=path_kind == "folder")


def _find_several(sources: list[Any]) -> Source:
    if not sources:
        raise CatalogError("Cannot scan []: got no source, need one or more. Name the folders or tables of the photos.")
    parts = [part for source in sources for one in [_find_source(source)] for part in one.parts or [one]]
    if len(parts) == 1:
        return parts[0]
    for part in parts:
        if part.kind == "embedded":
            raise CatalogError(
                f"Cannot scan '{part.path}' together with other sources: got the output of headstart embed, need "
                "photos. Give the photos that were embedded in its place; their features may be in the cache.",
                path=part.path,
            )
    name = join_names([part.name for part in parts])
    return Source(name, Path(name), "several", parts=tuple(parts))


def refuse_several(source: Source, task: str) -> None:
    """Raise CatalogError if there are several sources, of which a task takes one."""
    if source.parts:
        raise CatalogError(
            f"Cannot {task} {len(source.parts)} sources: got '{source.name}', need one. Train on them first, and give "
            "the catalog.csv of the run, which has the photos of all."
        )


def refuse_layout(layout: str, reason: str) -> None:
    """Raise CatalogError if a layout is given where it would have no effect."""
    if layout != "auto":
        raise CatalogError(f"Cannot use layout {layout!r} {reason}.")


def refuse_reading(layout: str, columns: ColumnNames, group_from: str | None = None) -> None:
    """Raise CatalogError if options for reading photos are given for a catalog, whose photos are read already."""
    refuse_layout(layout, "of photos that are scanned already. Give it to hs.scan")
    given = {f"{column}_column": name for column, name in columns.list_given().items()}
    given |= {} if group_from is None else {"group_from": group_from}
    for option, value in given.items():
        raise CatalogError(f"Cannot use {option} {value!r} of photos that are scanned already. Give it to hs.scan.")


def _find_kind(name: str, path: Path, *, is_folder: bool) -> Source:
    if is_folder and isinstance(path, Path) and all((path / file).is_file() for file in RUN_FILES):
        raise CatalogError(  # its figures would be photos
            f"Cannot scan '{path}': got a run, need photos. To read those that it was trained on, give "
            f"'{path / 'catalog.csv'}'.", path=path,
        )  # fmt: skip
    parquet_files = find_parquet_files(path, is_folder=is_folder)
    if parquet_files is None:
        parquet_files = (find_nested_tables(path) if is_folder else [path] * path.name.endswith(ARROW)) or None
    if parquet_files is not None:
        manifest = read_manifest(path) if is_folder else None
        return Source(name, path, "parquet" if manifest is None else "embedded", tuple(parquet_files), manifest)
    shards = find_shards(path) if is_folder else [path] if is_shard(path) else []
    if shards:
        return Source(name, path, "shards", tuple(shards))
    return Source(name, path, "folder" if is_folder else "csv")


def read_source(source: Source, *, is_for_training: bool, known: frozenset[str] = frozenset()) -> SourceListing:
    """List the photos of a source, with their groups. ``known`` are classes that other photos have.

    Tables and tar shards are read; in a folder, only names are, unless groups are taken from the photos.
    """
    if source.parts:
        parts: list[SourceListing] = []
        for part in source.parts:
            names = known.union(*(listing.labels for listing in parts))
            parts.append(_read_source(part, is_for_training=is_for_training, is_alone=False, known=names))
        found = join_listings(source.names, parts)
    else:
        found = _read_source(source, is_for_training=is_for_training)
    if source.group_from is None:
        return found
    return group_listing(found, source.group_from, source.group_root, is_for_training=is_for_training)


def _read_source(
    source: Source, *, is_for_training: bool, is_alone: bool = True, known: frozenset[str] = frozenset()
) -> SourceListing:
    path = source.path
    with _explain_failures(path):
        if source.table is not None:
            return read_memory_table(source.table, source.columns, source.here)
        if source.manifest is not None:
            return read_embedded(path, source.manifest)
        if source.kind == "parquet":
            if holds_pictures(source.files, source.columns):
                return read_picture_tables(
                    path, source.files, source.columns, source.here, is_for_training=is_for_training, is_alone=is_alone
                )
            return read_parquet(path, source.files, source.columns, source.here)
        if source.kind == "shards":
            return read_shards(path, source.files, is_for_training=is_for_training, is_alone=is_alone)
        if source.kind == "folder":
            return read_folder(
                path, is_for_training=is_for_training, layout=source.layout, is_alone=is_alone, known=known
            )
        return read_csv(path, source.columns, source.here)


@contextmanager
def _explain_failures(path: Path) -> Iterator[None]:
    """Turn the errors of a disk or a store into CatalogError; an error without a path gets the source's."""
    try:
        yield
    except CatalogError as error:
        error.path = error.path or path
        raise
    except OSError as error:
        raise _explain(path, error) from None


def _explain(path: Path, error: OSError | ValueError) -> CatalogError:
    if isinstance(error, PermissionError):
        reason, next_step = str(error.strerror), "Ask for permission to read it"
    else:
        reason = explain_unreadable(error)
        next_step = "Check the path and the keys" if isinstance(path, RemotePath) else "Check the path"
    return CatalogError(f"Cannot scan '{path}': {reason}. {next_step}.", path=path)
