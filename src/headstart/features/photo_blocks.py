"""List a source as blocks of photos. A block is embedded as a whole, on one machine."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from itertools import islice
from pathlib import Path

from headstart.catalog.catalog import Catalog
from headstart.catalog.manifest import Manifest
from headstart.catalog.parquet_file import KIND, count_rows, open_table, walk_parquet
from headstart.catalog.picture_table_files import holds_pictures
from headstart.catalog.source import Source, find_source, read_source
from headstart.catalog.source_listing import ListedPhoto, SourceListing
from headstart.catalog.split import KEEP_ALL
from headstart.errors import CatalogError
from headstart.pixels.photo_bytes import explain_unreadable
from headstart.storage.picture_tables import split_row
from headstart.storage.remote_paths import RemotePath, make_path
from headstart.storage.tar_shards import split_shard

FEWEST, MOST = 256, 16384  # photos in a block; MOST bounds its memory, and the work lost with a worker
N_BLOCKS = 1000  # aimed at, within those two bounds
N_REMEMBERED = 1_000_000  # paths of a Parquet table that are kept to find repeated ones


@dataclass(frozen=True)
class Block:
    """Photos whose features make one part.

    Attributes
    ----------
    number
        Position of the block in the source.
    photos
        The photos; empty for a tar shard.
    shard
        Path of a tar shard, whose photos are listed when it is embedded.
    stamps
        Size and modification time of each file, or of the shard; empty where they are not known.
    n_total
        Number of photos in all blocks; 0 if it is not known.
    root
        Path of the source that the tar shard belongs to.
    """

    number: int
    photos: tuple[ListedPhoto, ...] = ()
    _: KW_ONLY
    shard: str | None = None
    stamps: tuple[str, ...] = ()
    n_total: int = 0
    root: str = ""

    def name_part(self, settings: str) -> str:
        """Return the file name of the block's features. It changes with the photos, their stamps and the settings."""
        facts = json.dumps([settings, self.shard, self.stamps, [one.list_fields() for one in self.photos]])
        return f"part-{self.number:07d}-{hashlib.sha256(facts.encode()).hexdigest()[:16]}.parquet"

    def to_bytes(self) -> bytes:
        """Return the block as JSON."""
        photos = [one.list_fields() for one in self.photos]
        return json.dumps([self.number, photos, self.shard, self.stamps, self.n_total, self.root]).encode()

    @staticmethod
    def from_bytes(data: bytes) -> Block:
        """Return a block from its JSON."""
        number, rows, shard, stamps, n_total, root = json.loads(data)
        photos = tuple(ListedPhoto.from_fields(fields) for fields in rows)
        return Block(number, photos, shard=shard, stamps=tuple(stamps), n_total=n_total, root=root)


def list_blocks(source: str | Path | Source | Catalog) -> Iterator[Block | Manifest]:
    """Yield the blocks of a source in order, without opening a photo; then a manifest with the source's other facts.

    Rows of a Parquet table are read when their block is asked for. Of tar shards, only the names of the shards are
    listed. The names in a folder and the rows of a CSV are all held in memory.

    Raises
    ------
    CatalogError
        If the source cannot be scanned. For a Parquet table this may come after some blocks.
    """
    found = source if isinstance(source, Catalog) else find_source(source)
    n_blocks = 0
    try:
        for one in _list_source(found):
            if isinstance(one, Block):
                n_blocks += 1
                yield one
            else:
                yield Manifest({}, "").describe(one, n_blocks)
    except OSError as error:
        name = found.source if isinstance(found, Catalog) else found.path
        raise CatalogError(f"Cannot scan '{name}': {explain_unreadable(error)}. Check the path.") from None


def _list_source(source: Source | Catalog) -> Iterator[Block | SourceListing]:
    if isinstance(source, Catalog):
        # the notes are left out: a scan of the output folder finds them again
        found = SourceListing(
            make_path(source.source), [], labels=frozenset(source.labels), plan=KEEP_ALL, skipped=list(source.skipped)
        )
        rows = (
            ListedPhoto(
                str(photo.path.absolute()), photo.label, photo.split, group=photo.group, weight=photo.weight,
                digest=photo.digest,
            )
            for photo in source.photos
        )  # fmt: skip
        yield from divide_into_blocks(rows, len(source.photos))
        yield found
        return
    if source.kind == "parquet" and not holds_pictures(source.files, source.columns):
        table = open_table(source.path, source.files, N_REMEMBERED, source.here)
        listed = walk_parquet(table, source.files, source.columns)
        yield from divide_into_blocks(listed, sum(map(count_rows, source.files)))
        yield table.describe(KIND, [])
    elif source.kind == "shards":
        for number, shard in enumerate(source.files):
            yield Block(number, shard=str(shard), stamps=(_stamp(str(shard)),), root=str(source.path))
        # no plan: the splits are known once the shards are read
        yield SourceListing(source.path, [], labels=frozenset(), plan=None)
    else:
        found = read_source(source, is_for_training=True)
        yield from divide_into_blocks(found.photos, len(found.photos))
        yield found


def divide_into_blocks(photos: Iterable[ListedPhoto], n_total: int) -> Iterator[Block]:
    """Divide photos into blocks, in their order."""
    size = min(MOST, max(FEWEST, n_total // N_BLOCKS))
    left, number = iter(photos), 0
    while some := tuple(islice(left, size)):
        yield Block(number, some, stamps=tuple(_stamp(photo.file) for photo in some), n_total=n_total)
        number += 1


def _stamp(file: str) -> str:
    """Return the size and modification time of a local file or shard; an empty text for others."""
    with suppress(OSError, ValueError):
        if isinstance(make_path(file), RemotePath):
            return ""
        try:
            status = os.stat(file)  # noqa: PTH116  a `Path` doubles the time
        except NotADirectoryError:
            inside = split_shard(Path(file)) or split_row(Path(file))
            if inside is None:
                return ""
            status = inside[0].stat()
        return f"{status.st_size} {status.st_mtime_ns}"
    return ""
