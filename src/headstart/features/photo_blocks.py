"""Photos in blocks: each is embedded as a whole, by whoever has a core free, and is done or not."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from headstart.catalog.catalog import Catalog
from headstart.catalog.manifest import read_manifest
from headstart.catalog.parquet_file import KIND, count_rows, find_parquet, open_table, walk_parquet
from headstart.catalog.source_listing import ListedPhoto, SourceListing
from headstart.catalog.sources import find_source, list_shards, open_source
from headstart.catalog.split import KEEP_ALL
from headstart.errors import CatalogError
from headstart.pixels.photo_bytes import explain_unreadable
from headstart.storage.remote_paths import RemotePath, make_path
from headstart.storage.tar_shards import split_shard

FEWEST, MOST = 256, 16384  # photos of a block: what is lost at most with a worker, and what it holds in memory
N_REMEMBERED = 1_000_000  # paths of a Parquet table, whose rows are not all held
N_BLOCKS = 1000  # that many photos are cut into, between those two


@dataclass(frozen=True)
class Block:
    """Photos that make one part.

    Attributes
    ----------
    number
        Its place in the order of all.
    photos
        The photos, listed one by one; empty where it is a tar shard.
    shard
        A tar shard, which whoever embeds it reads for the photos in it.
    stamps
        What tells the files, or the shard, from earlier contents under the same names; empty where that is unknown.
    n_total
        Photos of all blocks; 0 where nobody has counted them.
    root
        The source that a tar shard belongs to.
    """

    number: int
    photos: tuple[ListedPhoto, ...] = ()
    shard: str | None = None
    stamps: tuple[str, ...] = ()
    n_total: int = 0
    root: str = ""

    def name_part(self, recipe: str) -> str:
        """Return the name of the file for its features: only the same photos and recipe have the same one."""
        facts = json.dumps([recipe, self.shard, self.stamps, [one.list_fields() for one in self.photos]])
        return f"part-{self.number:07d}-{hashlib.sha256(facts.encode()).hexdigest()[:16]}.parquet"

    def to_bytes(self) -> bytes:
        """Return it as JSON."""
        fields = [
            self.number,
            [one.list_fields() for one in self.photos],
            self.shard,
            self.stamps,
            self.n_total,
            self.root,
        ]
        return json.dumps(fields).encode()

    @staticmethod
    def from_bytes(data: bytes) -> Block:
        """Return the block that `to_bytes` made JSON of."""
        number, photos, shard, stamps, n_total, root = json.loads(data)
        return Block(number, tuple(ListedPhoto(*fields) for fields in photos), shard, tuple(stamps), n_total, root)


@dataclass(frozen=True)
class Rest:
    """What a source says besides its photos, which is known when all of it is listed: `SourceListing` without photos.

    Attributes
    ----------
    n_blocks
        That there were.
    """

    found: SourceListing = field(repr=False)
    n_blocks: int


Listing = Iterator[Block | Rest]
"""The blocks of a source, in order, and at last the rest."""


def list_blocks(source: str | Path | Catalog) -> Listing:
    """List a source block by block.

    A Parquet table is read as blocks are asked for, and of tar shards the names alone are listed; the names in a folder
    and the rows of a CSV are all held. No photo is opened.

    Raises
    ------
    CatalogError
        If it is nothing that can be scanned; of a Parquet table, maybe after some blocks.
    """
    n_blocks = 0
    try:
        for one in _list_source(source):
            if isinstance(one, Block):
                n_blocks += 1
                yield one
            else:
                yield Rest(one, n_blocks)
    except OSError as error:
        raise CatalogError(f"Cannot scan '{source}': {explain_unreadable(error)}. Check the path.") from None


def _list_source(source: str | Path | Catalog) -> Iterator[Block | SourceListing]:
    if isinstance(source, Catalog):
        # without its notes: those who scan what was embedded find them out again
        found = SourceListing(make_path(source.source), [], frozenset(source.labels), KEEP_ALL, list(source.skipped))
        rows = (
            ListedPhoto(str(photo.path.absolute()), photo.label, photo.split, photo.group, photo.weight, photo.digest)
            for photo in source.photos
        )
        yield from cut_blocks(rows, len(source.photos))
        yield found
        return
    path, kind = open_source(source)
    parquet = find_parquet(path, kind)
    shards = [] if parquet is not None else list_shards(path, kind)
    if parquet is not None and read_manifest(path) is None:
        table = open_table(path, parquet, N_REMEMBERED)
        yield from cut_blocks(walk_parquet(table, parquet), sum(map(count_rows, parquet)))
        yield table.describe(KIND, [])
    elif shards:
        for number, shard in enumerate(shards):
            yield Block(number, shard=str(shard), stamps=(_stamp(str(shard)),), root=str(path))
        yield SourceListing(path, [], frozenset(), None)  # their splits are known when they have been read
    else:
        found = find_source(path, is_for_training=True)
        yield from cut_blocks(found.photos, len(found.photos))
        yield replace(found, photos=[])


def cut_blocks(photos: Iterable[ListedPhoto], n_total: int) -> Iterator[Block]:
    """Cut photos into blocks, in their order."""
    size = min(MOST, max(FEWEST, n_total // N_BLOCKS))
    left, number = iter(photos), 0
    while some := tuple(islice(left, size)):
        yield Block(number, some, stamps=tuple(_stamp(photo.file) for photo in some), n_total=n_total)
        number += 1


def _stamp(file: str) -> str:
    """Return what tells a file from its earlier contents, as far as it lies here."""
    with suppress(OSError, ValueError):
        if isinstance(make_path(file), RemotePath):
            return ""
        try:
            status = os.stat(file)  # noqa: PTH116  a `Path` takes as long again
        except NotADirectoryError:
            shard = split_shard(Path(file))
            if shard is None:
                return ""
            status = shard[0].stat()
        return f"{status.st_size} {status.st_mtime_ns}"
    return ""
