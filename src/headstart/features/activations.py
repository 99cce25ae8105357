"""The activations of photos at a cut: computed once, stored in a file, and read from it batch by batch.

A file holds the activations of all photos of a training in all their views: in float32, so that features computed from
them are those of the whole network; or in float16, if float32 exceeds the limit.
If nothing is frozen, the file holds the decoded photos. It is mapped into memory and never read as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.spec import PIXELS_CUT
from headstart.errors import CacheError, PhotoError
from headstart.features.activation_files import (
    FOLDER,
    describe_size,
    extend_checksum,
    open_activation_file,
    write_activation_file,
)
from headstart.features.extraction import PhotoFile
from headstart.features.fresh_activations import FreshActivations
from headstart.pixels.decode import describe_decoder, read_photo
from headstart.pixels.views import View, ViewChoice, render_view
from headstart.process.cores import count_cores
from headstart.process.progress import Progress, ignore_progress
from headstart.storage.large_arrays import Array, allocate_array, count_bytes, release_rows
from headstart.storage.local_files import find_cache_folder
from headstart.storage.result_cache import name_result

LIMIT_BYTES = 10_000_000_000
PHOTOS_AT_ONCE = 64  # decoded in parallel, if nothing is frozen
Item = tuple[int, int]
"""The number of a view, and the number of a photo."""


@dataclass(frozen=True, eq=False)
class Activations:
    """The activations of N photos in V views.

    Attributes
    ----------
    array
        (V, N, H, W, C): float32 or float16, or uint8 for decoded photos. It is on disk if it is cached or large.
    n_computed
        Number of photos times views that were computed now; 0 if a file had them all.
    """

    array: npt.NDArray[Any]
    n_computed: int

    def take(self, views: npt.NDArray[np.int64], photos: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Return (B, H, W, C), a copy: photo number ``photos[b]`` in view number ``views[b]``."""
        return np.stack([self.array[view, photo] for view, photo in zip(views, photos, strict=True)])

    def release(self) -> None:
        """Release the memory that reading has filled."""
        release_rows(self.array)


def open_activations(
    photos: Sequence[PhotoFile],
    setup: BackboneSetup,
    *,
    cut: str,
    views: Sequence[View | ViewChoice],
    limit_bytes: int = LIMIT_BYTES,
    cache: bool = True,
    fresh: FreshActivations | None = None,
    progress: Progress = ignore_progress,
) -> Activations:
    """Compute the activations of photos at a cut, or open their file if there is one.

    Parameters
    ----------
    photos
        N photos that can be decoded.
    cut
        Name of the last frozen stage; or ``pixels``: nothing is frozen, and the photos are only decoded.
    views
        V views. A choice gives each photo its own view.
    limit_bytes
        Largest size on disk of all such files together.
    cache
        Whether to use the file of an earlier training, and to keep a new file for the next one.
    fresh
        Activations of photos as they are at this cut that this training has computed already.

    Raises
    ------
    CacheError
        If the activations exceed the limit, alone or with files that are being written, or if the disk is full.
    """
    plan = _plan(setup, cut, len(views) * len(photos), limit_bytes)
    shape = (len(views), len(photos), *plan.shape)
    n_bytes = count_bytes(shape, plan.dtype)
    if n_bytes > limit_bytes:
        raise CacheError(
            f"Cannot hold the activations at cut {cut!r}: got {describe_size(n_bytes)} for {len(photos):,} photos in "
            f"{len(views)} views, need at most {describe_size(limit_bytes)}. Give a larger --cache-limit, fewer "
            "--views, or a --cut further up."
        )

    known = {} if fresh is None else fresh.find_all(photos, views)
    fill = partial(plan.fill, photos=photos, views=views, known=known, fresh=fresh, progress=progress)
    n_items = len(photos) * len(views) - len(known)
    if not cache:
        array = allocate_array(shape, plan.dtype, "activations")
        fill(array)
        return Activations(array, n_items)
    name = name_result(*plan.facts, *(view.describe() for view in views), *(photo.digest for photo in photos))
    path = find_cache_folder() / FOLDER / name
    if (found := open_activation_file(path, shape, plan.dtype)) is not None:
        return Activations(found, 0)
    digests = [photo.digest for photo in photos]
    return Activations(write_activation_file(path, shape, plan.dtype, limit_bytes, fill, digests), n_items)


def choose_activation_dtype(setup: BackboneSetup, cut: str, n_items: int, limit_bytes: int) -> np.dtype[Any]:
    """Return the data type of the activations of photos times views, ``n_items`` in all."""
    if cut == PIXELS_CUT:
        return np.dtype(np.uint8)
    n_bytes = count_bytes((n_items, *setup.find_activation_shape(cut)), np.float32)
    return np.dtype(np.float32 if n_bytes <= limit_bytes else np.float16)


@dataclass(frozen=True)
class _Plan:
    """What is computed of each photo: at which cut, in which shape and type. ``facts`` decide the file's name."""

    setup: BackboneSetup
    cut: str
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    facts: tuple[str, ...]

    def fill(
        self, array: Array, photos: Sequence[PhotoFile], views: Sequence[View | ViewChoice],
        known: Mapping[Item, npt.NDArray[np.float32]], fresh: FreshActivations | None, progress: Progress,
    ) -> list[int]:  # fmt: skip
        """Compute all rows that are not known from ``fresh``, photo by photo, and return the checksum of each view."""

        def read(n: int) -> npt.NDArray[np.uint8]:
            return read_photo(photos[n].path, self.setup.image_size, photos[n].digest, depth=self.setup.depth)

        def load(item: Item) -> npt.NDArray[np.uint8]:
            number, n = item
            return render_view(pixels.take(n), views[number].choose(photos[n].digest))

        items = [(number, n) for n in range(len(photos)) for number in range(len(views))]
        missing = [item for item in items if item not in known]
        pixels = _PixelsOfViews(read, Counter(n for _, n in missing))
        checksums = [0] * len(views)
        rows = self._stream(iter(missing), load)
        for n_done, (number, n) in enumerate(items, 1):
            row: npt.NDArray[Any] | PhotoError = known[number, n] if (number, n) in known else next(rows)[1]
            if isinstance(row, PhotoError):
                raise PhotoError(f"Cannot train on '{photos[n].path}' any more: {row}.")
            array[number, n] = row
            checksums[number] = extend_checksum(checksums[number], array[number, n])
            if n_done % 1000 == 0:
                release_rows(array)
                if fresh is not None:
                    fresh.release()
            progress(n_done, len(items))
        return checksums

    def _stream(
        self, items: Iterator[Item], load: Callable[[Item], npt.NDArray[np.uint8]]
    ) -> Iterator[tuple[Item, npt.NDArray[Any] | PhotoError]]:
        """Yield each item with its activations or its error, in order."""
        if self.cut == PIXELS_CUT:
            yield from _decode(items, load)
            return
        engine = self.setup.open_engine(tensor=self.setup.spec.find_stage(self.cut).tensor)
        for item, row in engine.stream(items, load):
            yield item, row if isinstance(row, PhotoError) else row.transpose(1, 2, 0)


def _decode(
    items: Iterator[Item], load: Callable[[Item], npt.NDArray[np.uint8]]
) -> Iterator[tuple[Item, npt.NDArray[Any] | PhotoError]]:
    def attempt(item: Item) -> npt.NDArray[Any] | PhotoError:
        try:
            return load(item)
        except PhotoError as error:
            return error

    with ThreadPoolExecutor(count_cores()) as pool:
        while some := list(islice(items, PHOTOS_AT_ONCE)):
            yield from zip(some, pool.map(attempt, some), strict=True)


class _PixelsOfViews:
    """Reads each photo once for all its views, which several threads ask for at about the same time."""

    def __init__(self, read: Callable[[int], npt.NDArray[np.uint8]], n_views: Mapping[int, int]) -> None:
        self._read, self._n_views, self._lock = read, n_views, Lock()
        self._asked: dict[int, _Asked] = {}

    def take(self, n: int) -> npt.NDArray[np.uint8]:
        """Return the pixels of photo ``n``; they are dropped once every view has taken them."""
        with self._lock:
            asked = self._asked.setdefault(n, _Asked())
            asked.n_views += 1
            if asked.n_views == self._n_views[n]:
                del self._asked[n]
        with asked.lock:
            if asked.pixels is None:
                asked.pixels = self._read(n)
        return asked.pixels


@dataclass(eq=False)
class _Asked:
    """A photo of which some views are rendered: their number, and its pixels once a thread has read them."""

    n_views: int = 0
    pixels: npt.NDArray[np.uint8] | None = None
    lock: Lock = field(default_factory=Lock)


def _plan(setup: BackboneSetup, cut: str, n_items: int, limit_bytes: int) -> _Plan:
    spec, image_size, dtype = setup.spec, setup.image_size, choose_activation_dtype(setup, cut, n_items, limit_bytes)
    facts = [spec.fingerprint(), cut, str(image_size), str(setup.depth), describe_decoder()]
    if cut == PIXELS_CUT:
        shape: tuple[int, int, int] = (image_size, image_size, 3)
    else:
        shape = setup.find_activation_shape(cut)
        facts += [setup.choose_precision(), setup.describe_engine(), str(dtype)]
    return _Plan(setup, cut, shape, dtype, tuple(facts))
