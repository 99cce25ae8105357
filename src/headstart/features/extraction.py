"""Extract the pooled features of photos: read those in the cache, compute the others, and add them to the cache."""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Protocol

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.pooled_stages import FEATURES, pool_stages
from headstart.engine.compiling import compile_network
from headstart.errors import HeadstartError, PhotoError
from headstart.features.cache_key import FeatureSpec, make_key
from headstart.features.cached_rows import ROWS_AT_ONCE, CacheWriter, fill_from_cache
from headstart.features.feature_cache import FeatureCache
from headstart.features.stored_features import KnownFeatures
from headstart.pixels.damage import collect_damage
from headstart.pixels.decode import describe_decoder, read_photo
from headstart.pixels.views import AS_IT_IS, View, render_view
from headstart.process.forks import PerProcess
from headstart.process.progress import Progress, ignore_progress
from headstart.storage.large_arrays import allocate_array, release_rows


class PhotoFile(Protocol):
    """The facts about a photo that extraction needs; the catalog's `Photo` has them."""

    @property
    def path(self) -> Path:
        """Path of the file."""

    @property
    def digest(self) -> str:
        """SHA-256 of the file's bytes in hex."""


Watch = Callable[[PhotoFile, npt.NDArray[np.uint8]], None]


class ActivationCollector(Protocol):
    """Keeps the output of a second layer, which the network computes on its way to the features."""

    @property
    def tensor(self) -> str:
        """Name of the layer."""

    def add(self, digest: str, activation: npt.NDArray[np.float32]) -> None:
        """Keep the activation (C, H, W) of a photo. Several threads call it at once."""


@dataclass(frozen=True)
class Features:
    """Pooled features of N photos, D numbers each.

    Attributes
    ----------
    matrix
        (N, D) float32. Rows of photos that cannot be decoded are NaN.
    failures
        Reasons by row, for photos that cannot be decoded.
    damaged
        Reasons by row, for photos that were decoded although their data is damaged. Their features are not cached, so
        that the next training reports them again.
    precision
        Arithmetic of the network: ``f32``, ``bf16`` or ``int8``.
    n_extracted
        Number of rows computed now. Copies of one photo count, although they are computed once.
    n_cached
        Number of rows read from the cache or from stored features.
    """

    matrix: npt.NDArray[np.float32]
    failures: dict[int, str]
    damaged: dict[int, str]
    precision: str
    n_extracted: int
    n_cached: int


def make_feature_spec(setup: BackboneSetup) -> FeatureSpec:
    """Return the spec of pooled features, with the precision that ``auto`` means on this machine."""
    return FeatureSpec(
        backbone=setup.spec.fingerprint(),
        tensor="features",
        image_size=setup.image_size,
        precision=setup.choose_precision(),
        engine=setup.describe_engine(),
        decoder=describe_decoder(),
        depth=setup.depth,
    )


def _list_wider(setup: BackboneSetup) -> list[BackboneSetup]:
    """Return setups whose features end with those of a setup, bit for bit, because they come from the same pass."""
    backbone = setup.backbone
    if backbone.is_quantised or setup.choose_device() != "cpu":
        return []
    if backbone.spec.n_features != backbone.spec.n_last_features:
        return []
    pooled = (pool_stages(backbone, features) for features in FEATURES[1:])
    return [replace(setup, backbone=one) for one in pooled if one.spec.n_features > backbone.spec.n_features]


class BackgroundCompilation(Thread):
    """Compiles the network of `extract_features` in the background, unless the result is on disk already.

    Errors are ignored here: the extraction meets them again and reports them. Keep this object until the extraction has
    begun: then the network is still in memory, and is not read from disk.
    """

    def __init__(self, setup: BackboneSetup, also: str | None = None) -> None:
        super().__init__(name="headstart-compiling")
        self._setup, self._also = setup, also
        self._compiled: PerProcess[object] = PerProcess()
        self.start()

    def run(self) -> None:
        """Compile the network."""
        with contextlib.suppress(HeadstartError, RuntimeError):
            build = self._setup.plan_build(also=self._also)
            if not build.is_compiled():
                self._compiled.get(lambda: compile_network(self._setup.backbone.weights, build))

    def release(self) -> None:
        """Release the network's memory."""
        self._compiled = PerProcess()


def _read_file(photo: PhotoFile, size_px: int, *, depth: int) -> npt.NDArray[np.uint8]:
    return read_photo(photo.path, size_px, photo.digest, depth=depth)


def extract_features(
    photos: Sequence[PhotoFile],
    setup: BackboneSetup,
    *,
    views: Sequence[View] | None = None,
    feature_cache: FeatureCache | None = None,
    stored: KnownFeatures | None = None,
    read: Callable[[PhotoFile, int], npt.NDArray[np.uint8]] | None = None,
    watch: Watch = lambda *_: None,
    collector: ActivationCollector | None = None,
    progress: Progress = ignore_progress,
) -> Features:
    """Return the pooled features of photos: stored, cached or computed.

    Besides the result, only a few batches are held in memory.

    Parameters
    ----------
    photos
        N photos. A photo may occur several times, in several views.
    views
        N views, one for each of ``photos``. Default: the photos unchanged.
    feature_cache
        Cache to read and fill. Default: no cache.
    read
        Function that returns the pixels of a photo at a size. Default: those of its file, at the depth of the setup.
    stored
        Features that are known. They are used first, if they are of the same network and image size.
    watch
        Function that is called with each photo that is decoded and its pixels as they are, in several threads.
    collector
        What keeps the activations of the photos that are computed. Only without ``views``.
    """
    spec = make_feature_spec(setup)
    views = [AS_IT_IS] * len(photos) if views is None else views
    keys = [make_key(photo.digest, spec, view) for photo, view in zip(photos, views, strict=True)]
    matrix = allocate_array((len(photos), setup.spec.n_features))
    stored = stored if stored is not None and stored.fits(spec) else None
    missing, failures = _fill_from_stored(matrix, photos, views, stored)
    n_known = len(failures)
    missing = fill_from_cache(matrix, keys, missing, feature_cache)
    for wider in _list_wider(setup) if feature_cache is not None and len(missing) else ():
        wider_spec = make_feature_spec(wider)
        wider_keys = {n: make_key(photos[n].digest, wider_spec, views[n]) for n in missing}
        missing = fill_from_cache(matrix, wider_keys, missing, feature_cache, wider.spec.n_features)
    n_cached = len(photos) - len(missing) - n_known
    loader = _ViewLoader(photos, views, setup, read or partial(_read_file, depth=setup.depth), watch)
    if missing:
        firsts, copies = _find_copies(missing, keys)
        engine = setup.open_engine(also=None if collector is None else collector.tensor)
        keep = None if collector is None else lambda n, row: collector.add(photos[n].digest, row)
        with CacheWriter(feature_cache) as writer:
            n_done = n_cached
            # a copy is computed only if the first file cannot be read; the file of the copy may be intact
            for rows in (firsts, (n for n, first in copies.items() if first in failures)):
                for n, row in engine.stream(rows, loader.load, keep):
                    n_done += 1
                    if isinstance(row, PhotoError):
                        failures[n] = str(row)
                        matrix[n] = np.nan
                    else:
                        matrix[n] = row
                        writer.add(keys[n], row, is_kept=n not in loader.damaged)
                    if n_done % ROWS_AT_ONCE == 0:
                        release_rows(matrix)
                    progress(n_done, len(photos))
        for n, first in copies.items():
            if first not in failures:
                matrix[n] = matrix[first]
        release_rows(matrix)
        progress(len(photos), len(photos))
    return Features(matrix, failures, loader.damaged, spec.precision, len(missing) - len(failures) + n_known, n_cached)


def _fill_from_stored(
    matrix: npt.NDArray[np.float32], photos: Sequence[PhotoFile], views: Sequence[View], stored: KnownFeatures | None
) -> tuple[Sequence[int], dict[int, str]]:
    """Fill the rows of ``matrix`` whose features are stored; return the missing rows, and reasons by failed row."""
    failures: dict[int, str] = {}
    if stored is None:
        return range(len(photos)), failures
    missing = array("q")
    for start in range(0, len(photos), ROWS_AT_ONCE):
        some = range(start, min(start + ROWS_AT_ONCE, len(photos)))
        found = stored.get_many([(photos[n].digest, views[n].describe()) for n in some])
        for n in some:
            if n - start in found:
                matrix[n] = found[n - start]
            elif (problem := stored.find_problem(photos[n].digest)) is not None:
                matrix[n], failures[n] = np.nan, problem
            else:
                missing.append(n)
        release_rows(matrix)
    return missing, failures


def _find_copies(missing: Sequence[int], keys: Sequence[bytes]) -> tuple[array[int], dict[int, int]]:
    """Return the rows to compute, and a dictionary from each row with a repeated key to the first row with it."""
    firsts, copies, seen = array("q"), {}, dict[bytes, int]()
    for n in missing:
        first = seen.setdefault(keys[n], n)
        if first == n:
            firsts.append(n)
        else:
            copies[n] = first
    return firsts, copies


class _ViewLoader:
    """Loads views in the threads that decode, and keeps the reasons of damaged photos by row."""

    def __init__(
        self, photos: Sequence[PhotoFile], views: Sequence[View], setup: BackboneSetup,
        read: Callable[[PhotoFile, int], npt.NDArray[np.uint8]], watch: Watch,
    ) -> None:  # fmt: skip
        self._photos, self._views, self._setup, self._read, self._watch = photos, views, setup, read, watch
        self.damaged: dict[int, str] = {}

    def load(self, n: int) -> npt.NDArray[np.uint8]:
        with collect_damage() as found:
            pixels = self._read(self._photos[n], self._setup.image_size)
        if found:
            self.damaged[n] = found[0]
        self._watch(self._photos[n], pixels)
        return render_view(pixels, self._views[n])
