"""Rows of numbers that are made of a photo's pixels while the photo is decoded, and cached by its content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY, dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import BackboneSetup
from headstart.errors import PhotoError
from headstart.features.cache_key import join_key
from headstart.features.extraction import PhotoFile
from headstart.features.feature_cache import FeatureCache
from headstart.pixels.decode import describe_decoder, read_photo
from headstart.process.cores import count_cores
from headstart.process.progress import Progress, ignore_progress

AT_ONCE = 64  # photos that are decoded in parallel
Row = npt.NDArray[Any]


@dataclass(frozen=True)
class RowKind:
    """A kind of row.

    Attributes
    ----------
    name
        Name in the keys of the cache.
    table
        Table of the cache.
    rules
        Number that counts up when the same pixels give another row.
    make
        Function that makes the row of a photo's pixels (H, W, 3) uint8.
    shape, dtype
        Shape and type of a row.
    """

    name: str
    _: KW_ONLY
    table: str
    rules: int
    make: Callable[[npt.NDArray[np.uint8]], Row]
    shape: tuple[int, ...]
    dtype: str


class RowCollector:
    """Makes one row of each photo: of those that an extraction decodes, and then of the others.

    Parameters
    ----------
    setup
        Setup of the extraction. Rows are made from the pixels at its image size.
    feature_cache
        Cache to read and fill. None: no cache.

    Attributes
    ----------
    decoded
        Digests of the photos that `add` was called with.
    """

    def __init__(self, kind: RowKind, setup: BackboneSetup, feature_cache: FeatureCache | None) -> None:
        self._kind, self._setup, self._feature_cache = kind, setup, feature_cache
        self._facts = (str(kind.rules), str(setup.image_size), describe_decoder(), str(setup.depth))
        self._made: dict[str, Row] = {}
        self.decoded: set[str] = set()

    def add(self, photo: PhotoFile, pixels: npt.NDArray[np.uint8]) -> None:
        """Make the row of a photo from its pixels; `extract_features` calls this in several threads."""
        self._made[photo.digest] = self._kind.make(pixels)
        self.decoded.add(photo.digest)

    def collect(self, photos: Sequence[PhotoFile], progress: Progress = ignore_progress) -> dict[str, Row]:
        """Return the rows of photos by digest; photos that cannot be decoded are left out.

        Those that `add` made are handed over and not kept.
        """
        self._finish()
        made, self._made = self._made, {}
        by_digest = {photo.digest: photo for photo in photos if photo.digest not in made}
        cached = self._look_up(list(by_digest))
        made |= self._read([photo for digest, photo in by_digest.items() if digest not in cached], progress)
        self._write(made)
        made |= cached
        return {photo.digest: made[photo.digest] for photo in photos if photo.digest in made}

    def _finish(self) -> None:
        """Make the rows that `add` has put off; here it puts off none."""

    def collect_known(self, photos: Sequence[PhotoFile]) -> dict[str, Row]:
        """Return the rows that `add` made or the cache has, by digest, as `collect`; no photo is decoded."""
        self._finish()
        made, self._made = self._made, {}
        self._write(made)
        return self._look_up([photo.digest for photo in photos if photo.digest not in made]) | made

    def _look_up(self, digests: Sequence[str]) -> dict[str, Row]:
        if self._feature_cache is None:
            return {}
        keys = {self._make_key(digest): digest for digest in digests}
        dtype = np.dtype(self._kind.dtype)
        n_bytes = dtype.itemsize * int(np.prod(self._kind.shape))
        return {
            keys[key]: np.frombuffer(value, dtype).reshape(self._kind.shape)
            for key, value in self._feature_cache.get_rows(self._kind.table, list(keys)).items()
            if len(value) == n_bytes
        }

    def _write(self, rows: dict[str, Row]) -> None:
        if self._feature_cache is not None and rows:
            values = {self._make_key(digest): row.astype(self._kind.dtype).tobytes() for digest, row in rows.items()}
            self._feature_cache.put_rows(self._kind.table, values)

    def _read(self, photos: Sequence[PhotoFile], progress: Progress) -> dict[str, Row]:
        def attempt(photo: PhotoFile) -> Row | None:
            try:
                pixels = read_photo(photo.path, self._setup.image_size, photo.digest, depth=self._setup.depth)
            except PhotoError:
                return None
            return self._kind.make(pixels)

        found: dict[str, Row] = {}
        todo = iter(photos)
        with ThreadPoolExecutor(count_cores()) as pool:
            while some := list(islice(todo, AT_ONCE)):
                for photo, row in zip(some, pool.map(attempt, some), strict=True):
                    if row is not None:
                        found[photo.digest] = row
                progress(len(found), len(photos))
        return found

    def _make_key(self, digest: str) -> bytes:
        return join_key(digest, self._kind.name, *self._facts)
