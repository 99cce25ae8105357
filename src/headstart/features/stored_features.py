"""Features that lie ready in a folder of parts, found by photo and view."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from headstart.catalog.manifest import read_manifest
from headstart.errors import CacheError
from headstart.features.cache_key import Recipe
from headstart.features.parquet_parts import read_features, walk_keys
from headstart.storage.local_files import find_cache_folder

FOLDER = "embedded-1"  # in the user's cache: what a cluster computed for trainings
N_PARTS_HELD = 4  # photos are asked for in their order, so that the next is mostly in the same part


def measure_embedded() -> int:
    """Return the bytes that features which a cluster computed for trainings take in the user's cache."""
    n_bytes = 0
    for path in (find_cache_folder() / FOLDER).glob("*/*"):
        with suppress(OSError):  # other processes come and go
            n_bytes += path.stat().st_size
    return n_bytes


def clear_embedded() -> None:
    """Delete them."""
    shutil.rmtree(find_cache_folder() / FOLDER, ignore_errors=True)


class EmbeddedFeatures:
    """What ``headstart embed`` wrote, as features by photo.

    Two numbers are held for each photo; the features themselves stay where they are.

    Parameters
    ----------
    folder
        With a manifest.

    Raises
    ------
    CacheError
        If the embedding is not finished.
    CatalogError
        If a part cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        manifest = read_manifest(folder)
        if manifest is None or not manifest.is_complete:
            raise CacheError(
                f"Cannot read features from '{folder}': the embedding is not finished, need all of it. Give the same "
                "headstart embed command again: it goes on from where it was."
            )
        self.folder = folder
        self.recipe = Recipe(**{name: manifest.recipe[name] for name in Recipe.__slots__})
        self._parts = manifest.parts
        self._broken = {photo.digest: reason for photo, reason in manifest.broken}
        self._places: dict[tuple[bytes, str], tuple[int, int]] = {}
        views: dict[str, str] = {}  # one text for all photos in the same view
        for number, part in enumerate(self._parts):
            for row, (digest, view) in enumerate(walk_keys(folder / part)):
                self._places[bytes.fromhex(digest), views.setdefault(view, view)] = number, row
        self._read = lru_cache(N_PARTS_HELD)(self._read_part)

    def fits(self, recipe: Recipe) -> bool:
        """Say whether these features are of the same network at the same size.

        Another machine's engine, and another arithmetic, change them by less than they differ between photos.
        """
        mine = self.recipe
        return (mine.backbone, mine.tensor, mine.image_size) == (recipe.backbone, recipe.tensor, recipe.image_size)

    def find_problem(self, digest: str) -> str | None:
        """Return why a photo has no features, if it is known not to be decodable."""
        return self._broken.get(digest)

    def get_many(self, wanted: Sequence[tuple[str, str]]) -> dict[int, npt.NDArray[np.float32]]:
        """Return features (D,) by the positions in ``wanted``, which are digests and views; those that are there."""
        found: dict[int, npt.NDArray[np.float32]] = {}
        for n, (digest, view) in enumerate(wanted):
            place = self._places.get((bytes.fromhex(digest), view))
            if place is not None:
                found[n] = self._read(place[0])[place[1]].astype(np.float32)
        return found

    def _read_part(self, number: int) -> npt.NDArray[np.float32]:
        return read_features(self.folder / self._parts[number])
