"""Read the features that an earlier embedding wrote into a folder, by photo and view."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from headstart.catalog.manifest import FILE_NAME, read_manifest
from headstart.errors import CacheError
from headstart.features.cache_key import FeatureSpec
from headstart.features.parquet_parts import read_features, read_summary, walk_keys
from headstart.storage.file_locks import release_lock, try_lock
from headstart.storage.local_files import find_cache_folder, read_regular
from headstart.storage.removal import Removal

FOLDER = "embedded-1"  # in the user's cache: features that a cluster computed for trainings
LOCK = "_writer"  # locked by the command that writes a folder (features/output_folder.py)
N_PARTS_HELD = 4  # photos are read in order, so the next one is mostly in the same part


def measure_stored_features() -> int:
    """Return the bytes on disk of the features that a cluster computed for trainings."""
    n_bytes = 0
    for path in (find_cache_folder() / FOLDER).glob("*/*"):
        with suppress(OSError):  # another process may have deleted it
            n_bytes += path.stat().st_size
    return n_bytes


def clear_stored_features() -> None:
    """Delete the features that a cluster computed for trainings."""
    shutil.rmtree(find_cache_folder() / FOLDER, ignore_errors=True)


def forget_stored_features(digests: Collection[str]) -> Removal:
    """Delete the embeddings that hold one of these photos, or that cannot be read.

    One that a running program writes is kept: a problem.
    """
    removal = Removal("features on clusters", "files of embeddings, which also held other photos")
    with suppress(OSError):
        for folder in sorted((find_cache_folder() / FOLDER).iterdir()):
            if not folder.is_dir():
                removal.delete(folder)
                continue
            try:
                lock = try_lock(folder / LOCK)
            except BlockingIOError as holder:
                removal.problems.append(f"an embedding is being written ({holder})")
                continue
            is_without = all(_is_without(path, digests) for path in folder.iterdir() if path.name != LOCK)
            release_lock(lock, folder / LOCK)
            if not is_without:
                removal.delete_folder(folder)
    return removal


def _is_without(path: Path, digests: Collection[str]) -> bool:
    """Say whether a part or a manifest names none of these photos."""
    try:
        if path.suffix == ".json":
            text = read_regular(path).decode(errors="replace")
            return not any(digest in text for digest in digests)
        broken = () if (summary := read_summary(path)) is None else summary.broken
        named = {digest for digest, _ in walk_keys(path)} | {photo.digest for photo, _ in broken}
        return named.isdisjoint(digests)
    except Exception:  # a part that cannot be read, or without pyarrow, cannot be searched
        return False


class KnownFeatures(Protocol):
    """Features that need no computation: those of an earlier embedding, or of an earlier step of the same training."""

    def fits(self, spec: FeatureSpec) -> bool:
        """Say whether these features are of the same network, image size and depth."""

    def find_problem(self, digest: str) -> str | None:
        """Return the reason if a photo cannot be decoded; None for other photos."""

    def get_many(self, wanted: Sequence[tuple[str, str]]) -> dict[int, npt.NDArray[np.float32]]:
        """Return the known features (D,) by their position in ``wanted``, a list of digests and views."""


class StoredFeatures:
    """Features that ``headstart embed`` wrote, by photo and view.

    Only the position of each row is held in memory; the features stay in their files.

    Parameters
    ----------
    folder
        Folder of parts with a manifest.

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
                f"Cannot read features from '{folder}': got an unfinished embedding, need a finished one. Give the "
                "same headstart embed command again: it continues from there.",
                path=folder,
            )
        self.folder = folder
        try:
            self.spec = FeatureSpec(
                **{name: manifest.recipe[name] for name in FeatureSpec.__slots__ if name in manifest.recipe}
            )
        except TypeError:
            raise CacheError(
                f"Cannot read features from '{folder}': its {FILE_NAME} lacks settings. Embed the photos again with "
                "--overwrite.",
                path=folder,
            ) from None
        self._broken = {photo.digest: reason for photo, reason in manifest.broken}
        self._places: dict[tuple[bytes, str], tuple[int, int]] = {}
        views: dict[str, str] = {}  # one object for all equal texts
        for number, part in enumerate(manifest.parts):
            for row, (digest, view) in enumerate(walk_keys(folder / part)):
                self._places[bytes.fromhex(digest), views.setdefault(view, view)] = number, row
        self._read = lru_cache(N_PARTS_HELD)(lambda number: read_features(folder / manifest.parts[number]))

    def fits(self, spec: FeatureSpec) -> bool:
        """Say whether these features are of the same network, image size and depth.

        Engine and precision may differ: they change features by less than photos differ from each other.
        """
        mine = self.spec
        facts = [(one.backbone, one.tensor, one.image_size, one.depth) for one in (mine, spec)]
        return facts[0] == facts[1]

    def find_problem(self, digest: str) -> str | None:
        """Return the reason if a photo cannot be decoded; None for other photos."""
        return self._broken.get(digest)

    def get_many(self, wanted: Sequence[tuple[str, str]]) -> dict[int, npt.NDArray[np.float32]]:
        """Return the stored features (D,) by their position in ``wanted``, a list of digests and views."""
        found: dict[int, npt.NDArray[np.float32]] = {}
        for n, (digest, view) in enumerate(wanted):
            place = self._places.get((bytes.fromhex(digest), view))
            if place is not None:
                found[n] = self._read(place[0])[place[1]].astype(np.float32)
        return found
