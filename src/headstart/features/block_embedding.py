"""A block of photos becomes a part of features: read, hashed, decoded and inferred, each photo once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import Backbone
from headstart.catalog.hashing import hash_bytes
from headstart.catalog.photo import Skip
from headstart.catalog.shard_files import walk_samples
from headstart.catalog.source_listing import ListedPhoto
from headstart.engine.engine import Engine
from headstart.errors import PhotoError, UnreadableError
from headstart.features.cache_key import Recipe
from headstart.features.extraction import make_recipe
from headstart.features.parquet_parts import EmbeddedPhoto, PartNote, read_note, write_part
from headstart.features.photo_blocks import Block
from headstart.pixels.decode import decode_photo
from headstart.pixels.photo_bytes import read_bytes
from headstart.pixels.views import list_views, render_view
from headstart.storage.remote_paths import RemotePath, list_file_names, make_path

WAITS_S = (0.2, 1.0, 5.0)  # between attempts to read from a store
N_AHEAD = 32  # photos that are fetched from a store at a time
DTYPES = ("float32", "float16")
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Embedding:
    """What is to be computed of each photo.

    Attributes
    ----------
    recipe
        With the precision that ``auto`` meant where it was chosen.
    dtype
        In which features are written: float32, or float16, which takes half the room.
    n_views, is_averaged, seed
        As `list_views`.
    """

    backbone: Backbone
    recipe: Recipe
    dtype: str = "float32"
    n_views: int = 1
    is_averaged: bool = False
    seed: int = 0

    def describe(self) -> dict[str, Any]:
        """Return what decides the features besides the photos, in plain JSON types."""
        views = [self.n_views, self.is_averaged, self.seed if self.n_views > 1 else 0]
        return asdict(self.recipe) | {"dtype": self.dtype, "views": views}


def plan_embedding(
    backbone: Backbone, image_size: int, precision: str, *, dtype: str = "float32", n_views: int = 1,
    is_averaged: bool = False, seed: int = 0,
) -> Embedding:  # fmt: skip
    """Return what is to be computed, with the precision that ``auto`` means on this machine."""
    return Embedding(backbone, make_recipe(backbone, image_size, precision), dtype, n_views, is_averaged, seed)


@dataclass(frozen=True)
class Embedded:
    """A block that is done.

    Attributes
    ----------
    part
        The name of its file.
    n_total
        As of `Block`.
    is_new
        Whether it was computed now; otherwise its part was there.
    """

    number: int
    part: str
    note: PartNote
    n_total: int
    is_new: bool


@dataclass
class _Item:
    """A photo on its way through the engine."""

    listed: ListedPhoto
    fetch: Callable[[], bytes]
    digest: str = ""


class Embedder:
    """Embeds blocks, one after the other, with an engine of its own.

    Parameters
    ----------
    folder
        Where parts are written.
    n_cores
        That it may use; default: all that this process may.
    """

    def __init__(self, embedding: Embedding, folder: Path, n_cores: int | None = None) -> None:
        self._embedding, self._folder = embedding, folder
        recipe, backbone, n_views = embedding.recipe, embedding.backbone, embedding.n_views
        self._size_px = recipe.image_size
        self._name = json.dumps(embedding.describe(), sort_keys=True)
        self._known = frozenset(list_file_names(folder))
        self._engine = Engine(
            backbone.weights,
            backbone.plan_build(recipe.image_size, recipe.precision, n_cores=n_cores, n_views=n_views),
            n_views=n_views,
        )

    def embed(self, block: Block, note_done: Callable[[int], None] = lambda _: None) -> Embedded:
        """Write the part of a block, unless it is there.

        Parameters
        ----------
        note_done
            Called with the number of photos of this block that are done, now and then.

        Raises
        ------
        HeadstartError
            If a tar shard is damaged.
        OSError
            If the part cannot be written.
        """
        part = block.name_part(self._name)
        note = read_note(self._folder / part) if part in self._known else None
        if note is not None and note.is_final:
            return Embedded(block.number, part, note, block.n_total, is_new=False)
        photos: list[EmbeddedPhoto] = []
        rows: list[npt.NDArray[Any]] = []
        skipped: list[tuple[str, str]] = []
        broken: list[tuple[ListedPhoto, str]] = []
        is_final = True
        for n, (item, row) in enumerate(self._engine.stream(self._open(block, skipped), self._load), 1):
            if isinstance(row, PhotoError):
                is_final = is_final and not isinstance(row, UnreadableError)
                if item.digest:
                    broken.append((item.listed.with_digest(item.digest), str(row)))
                else:
                    skipped.append((item.listed.file, str(row)))
            else:
                views = list_views(item.digest, *self._views)
                photos += [EmbeddedPhoto(item.listed, item.digest, view.describe()) for view in views]
                rows.append(row.reshape(-1, row.shape[-1]).astype(self._embedding.dtype, copy=False))
            if n % 16 == 0:
                note_done(n)
        n_features = self._embedding.backbone.spec.n_features
        features = np.concatenate(rows) if rows else np.zeros((0, n_features), self._embedding.dtype)
        note = write_part(self._folder / part, photos, features, skipped, broken, is_final=is_final)
        return Embedded(block.number, part, note, block.n_total, is_new=True)

    @property
    def _views(self) -> tuple[int, bool, int]:
        embedding = self._embedding
        return embedding.n_views, embedding.is_averaged, embedding.seed

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
        pixels = decode_photo(data, self._size_px)
        views = [render_view(pixels, view) for view in list_views(item.digest, *self._views)]
        return views[0] if len(views) == 1 else np.stack(views)

    def _open(self, block: Block, skipped: list[tuple[str, str]]) -> Iterator[_Item]:
        """Yield the photos of a block; those of a shard that have no label are added to ``skipped``."""
        if block.shard is None:
            is_far = any(isinstance(make_path(photo.file), RemotePath) for photo in block.photos[:1])
            yield from _fetch_ahead(block.photos) if is_far else map(_make_item, block.photos)
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


def _read_patiently(path: Path) -> bytes:
    """Read a photo; a store that is busy, or away for a moment, is asked again."""
    for wait_s in WAITS_S if isinstance(path, RemotePath) else ():
        try:
            return read_bytes(path)
        except UnreadableError as error:
            if str(error) == "does not exist":
                raise
            time.sleep(wait_s)
    return read_bytes(path)


def _make_item(photo: ListedPhoto) -> _Item:
    return _Item(photo, partial(_read_patiently, make_path(photo.file)))


def _fetch_ahead(photos: Iterable[ListedPhoto]) -> Iterator[_Item]:
    """Yield photos of a store, each being fetched from the moment that it is asked for."""
    with ThreadPoolExecutor(N_AHEAD, thread_name_prefix="headstart-fetch") as pool:
        for photo in photos:
            yield _Item(photo, pool.submit(_read_patiently, make_path(photo.file)).result)
