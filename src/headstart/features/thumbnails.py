"""Thumbnails of photos, 32 x 32 grey: near copies are found by them. They are made while photos are decoded."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import BackboneSetup
from headstart.errors import PhotoError
from headstart.features.extraction import PhotoFile
from headstart.features.feature_cache import FeatureCache
from headstart.pixels.decode import describe_decoder, read_photo
from headstart.pixels.resizing import shrink_to_grey
from headstart.process.cores import count_cores
from headstart.process.progress import Progress, ignore_progress

SIDE_PX = 32
THUMBNAIL_RULES = 1  # counts up when the same pixels give another thumbnail
AT_ONCE = 64  # photos that are decoded in parallel
Thumbnail = npt.NDArray[np.uint8]


class ThumbnailCollector:
    """Makes thumbnails of photos: of those that an extraction decodes, and then of the others.

    Parameters
    ----------
    setup
        Setup of the extraction. Thumbnails are made from the pixels at its image size.
    feature_cache
        Cache to read and fill. None: no cache.

    Attributes
    ----------
    decoded
        Digests of the photos that `add` was called with.
    """

    def __init__(self, setup: BackboneSetup, feature_cache: FeatureCache | None) -> None:
        self._setup, self._feature_cache = setup, feature_cache
        self._facts = (str(THUMBNAIL_RULES), str(setup.image_size), describe_decoder(), str(setup.depth))
        self._thumbnails: dict[str, Thumbnail] = {}
        self.decoded: set[str] = set()

    def add(self, photo: PhotoFile, pixels: npt.NDArray[np.uint8]) -> None:
        """Make the thumbnail of a photo from its pixels; `extract_features` calls this in several threads."""
        self._thumbnails[photo.digest] = shrink_to_grey(pixels, SIDE_PX)
        self.decoded.add(photo.digest)

    def collect(self, photos: Sequence[PhotoFile], progress: Progress = ignore_progress) -> dict[str, Thumbnail]:
        """Return the thumbnails (32, 32) of photos by digest; photos that cannot be decoded are left out.

        Those that `add` made are handed over and not kept.
        """
        made, self._thumbnails = self._thumbnails, {}
        by_digest = {photo.digest: photo for photo in photos if photo.digest not in made}
        cached: dict[str, Thumbnail] = {}
        if self._feature_cache is not None:
            keys = {self._make_key(digest): digest for digest in by_digest}
            for key, row in self._feature_cache.get_thumbnails(list(keys)).items():
                if row.size == SIDE_PX**2:
                    cached[keys[key]] = row.reshape(SIDE_PX, SIDE_PX)
        made |= self._read([photo for digest, photo in by_digest.items() if digest not in cached], progress)
        if self._feature_cache is not None and made:
            self._feature_cache.put_thumbnails({self._make_key(digest): row for digest, row in made.items()})
        made |= cached
        return {photo.digest: made[photo.digest] for photo in photos if photo.digest in made}

    def _read(self, photos: Sequence[PhotoFile], progress: Progress) -> dict[str, Thumbnail]:
        def attempt(photo: PhotoFile) -> Thumbnail | None:
            try:
                pixels = read_photo(photo.path, self._setup.image_size, photo.digest, depth=self._setup.depth)
            except PhotoError:
                return None
            return shrink_to_grey(pixels, SIDE_PX)

        found: dict[str, Thumbnail] = {}
        todo = iter(photos)
        with ThreadPoolExecutor(count_cores()) as pool:
            while some := list(islice(todo, AT_ONCE)):
                for photo, thumbnail in zip(some, pool.map(attempt, some), strict=True):
                    if thumbnail is not None:
                        found[photo.digest] = thumbnail
                progress(len(found), len(photos))
        return found

    def _make_key(self, digest: str) -> bytes:
        return hashlib.sha256("\0".join(("thumbnail", digest, *self._facts)).encode()).digest()
