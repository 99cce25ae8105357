"""Embed a block of photos by given settings: read each photo once, and write the features as one part."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY, asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import BackboneSetup
from headstart.catalog.hashing import hash_bytes
from headstart.catalog.photo import Skip
from headstart.catalog.shard_files import walk_samples
from headstart.catalog.source_listing import ListedPhoto
from headstart.errors import PhotoError, UnreadableError
from headstart.features.cache_key import FeatureSpec
from headstart.features.extraction import make_feature_spec
from headstart.features.parquet_parts import PartRow, PartSummary, read_summary, write_part
from headstart.features.photo_blocks import Block
from headstart.pixels.decode import decode_photo
from headstart.pixels.photo_bytes import read_bytes
from headstart.pixels.views import View, list_views, render_view
from headstart.storage.remote_paths import RemotePath, list_file_names, make_path

WAITS_S = (0.2, 1.0, 5.0)  # between attempts to read from a store
N_AHEAD = 32  # photos fetched from a store at the same time
Pixels = npt.NDArray[np.uint8]
DTYPES = ("float32", "float16")


@dataclass(frozen=True)
class EmbeddingSettings:
    """What is computed of each photo.

    Attributes
    ----------
    setup
        Setup of the backbone. Its precision is never ``auto``: the user's program has chosen.
    spec
        Spec of the features, as the user's program would compute them.
    dtype
        Type of the features in the files: float32, or float16, which takes half the space.
    n_views, is_averaged, seed
        Arguments of `list_views`.
    """

    setup: BackboneSetup
    spec: FeatureSpec
    _: KW_ONLY
    dtype: str = "float32"
    n_views: int = 1
    is_averaged: bool = False
    seed: int = 0

    def list_views(self, digest: str) -> tuple[View, ...]:
        """Return the views of a photo, given the SHA-256 of its bytes in hex."""
        return list_views(digest, self.n_views, is_averaged=self.is_averaged, seed=self.seed)

    def describe(self) -> dict[str, Any]:
        """Return what decides the features besides the photos, in plain JSON types."""
        views = [self.n_views, self.is_averaged, self.seed if self.n_views > 1 else 0]
        return asdict(self.spec) | {"dtype": self.dtype, "views": views}


def make_embedding_settings(
    setup: BackboneSetup, *, dtype: str = "float32", n_views: int = 1, is_averaged: bool = False, seed: int = 0
) -> EmbeddingSettings:  # fmt: skip
    """Return the settings, with the precision that ``auto`` means on this machine."""
    spec = make_feature_spec(setup)
    setup = replace(setup, precision=spec.precision)
    return EmbeddingSettings(setup, spec, dtype=dtype, n_views=n_views, is_averaged=is_averaged, seed=seed)


@dataclass(frozen=True)
class EmbeddedBlock:
    """A block whose features are written.

    Attributes
    ----------
    number, n_total
        As in `Block`.
    part
        Name of the block's Parquet file.
    is_new
        Whether the block was computed now; otherwise its part was there before.
    """

    number: int
    part: str
    summary: PartSummary
    n_total: int
    is_new: bool


@dataclass
class _Item:
    """A photo on its way through the engine."""

    listed: ListedPhoto
    fetch: Callable[[], bytes]
    digest: str = ""


class BlockEmbedder:
    """Embeds one block after the other with one engine, on ``n_cores``. Default: all that this process may use."""

    def __init__(self, settings: EmbeddingSettings, folder: Path, n_cores: int | None = None) -> None:
        self._settings, self._folder = settings, folder
        self._name = json.dumps(settings.describe(), sort_keys=True)
        self._names_before = frozenset(list_file_names(folder))
        self._engine = settings.setup.open_engine(n_cores=n_cores, n_views=settings.n_views)

    def embed(self, block: Block, report_done: Callable[[int], None] = lambda _: None) -> EmbeddedBlock:
        """Write the part of a block, unless it exists.

        Every 16 photos, ``report_done`` is called with the number of finished photos of this block.
        """
        part = block.name_part(self._name)
        summary = read_summary(self._folder / part) if part in self._names_before else None
        if summary is not None and summary.is_final:
            return EmbeddedBlock(block.number, part, summary, block.n_total, is_new=False)
        photos: list[PartRow] = []
        rows: list[npt.NDArray[Any]] = []
        skipped: list[tuple[str, str]] = []
        broken: list[tuple[ListedPhoto, str]] = []
        is_final = True
        for n, (item, row) in enumerate(self._engine.stream(self._open(block, skipped), self._load), 1):
            if isinstance(row, PhotoError):
                is_final = is_final and not isinstance(row, UnreadableError)
                if item.digest:
                    broken.append((replace(item.listed, digest=item.digest), str(row)))
                else:
                    skipped.append((item.listed.file, str(row)))
            else:
                views = self._settings.list_views(item.digest)
                photos += [PartRow(item.listed, item.digest, view.describe()) for view in views]
                rows.append(row.reshape(-1, row.shape[-1]).astype(self._settings.dtype, copy=False))
            if n % 16 == 0:
                report_done(n)
        n_features = self._settings.setup.spec.n_features
        features = np.concatenate(rows) if rows else np.zeros((0, n_features), self._settings.dtype)
        summary = write_part(self._folder / part, photos, features, skipped=skipped, broken=broken, is_final=is_final)
        return EmbeddedBlock(block.number, part, summary, block.n_total, is_new=True)

    def _load(self, item: _Item) -> Pixels:
        """Return the pixels of a photo's views. Called in several threads."""
        data = item.fetch()
        if not _is_text(item.listed):
            raise PhotoError("its name is no text in UTF-8, as Parquet needs: rename it")
        reading = hash_bytes(data)
        if reading.digest is None:
            raise PhotoError(str(reading.reason))
        if item.listed.digest not in (None, reading.digest):
            raise PhotoError("was changed while it was being used")
        item.digest = reading.digest
        setup = self._settings.setup
        pixels = decode_photo(data, setup.image_size, depth=setup.depth)
        views = [render_view(pixels, view) for view in self._settings.list_views(item.digest)]
        return views[0] if len(views) == 1 else np.stack(views)

    def _open(self, block: Block, skipped: list[tuple[str, str]]) -> Iterator[_Item]:
        """Yield the photos of a block; add photos of a shard that have no label to ``skipped``."""
        if block.shard is None:
            is_remote = any(isinstance(make_path(photo.file), RemotePath) for photo in block.photos[:1])
            if is_remote:
                yield from _fetch_ahead(block.photos)
            else:
                yield from (_Item(one, partial(_read_with_retries, make_path(one.file))) for one in block.photos)
            return
        for found, data in walk_samples(make_path(block.shard), make_path(block.root)):
            if isinstance(found, Skip):
                skipped.append((str(found.path), found.reason))
            else:
                yield _Item(found, partial(bytes, data))


def _is_text(photo: ListedPhoto) -> bool:
    try:
        f"{photo.file}{photo.group}".encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_with_retries(path: Path) -> bytes:
    """Read a photo; if a store is busy or unreachable, try again up to three times."""
    for wait_s in WAITS_S if isinstance(path, RemotePath) else ():
        try:
            return read_bytes(path)
        except UnreadableError as error:
            if str(error) == "does not exist":
                raise
            time.sleep(wait_s)
    return read_bytes(path)


def _fetch_ahead(photos: Iterable[ListedPhoto]) -> Iterator[_Item]:
    """Yield the photos of a store. Up to 32 downloads run in the background."""
    with ThreadPoolExecutor(N_AHEAD, thread_name_prefix="headstart-fetch") as pool:
        for photo in photos:
            yield _Item(photo, pool.submit(_read_with_retries, make_path(photo.file)).result)
