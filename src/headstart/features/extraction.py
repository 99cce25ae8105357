"""Catalog to features, once: what the cache has is read, the rest is computed and kept."""

from __future__ import annotations

import contextlib
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import Backbone
from headstart.engine.compiling import compile_network
from headstart.engine.engine import Engine
from headstart.engine.processor import choose_precision, describe_engine
from headstart.errors import HeadstartError, PhotoError
from headstart.features.cache_key import Recipe, make_key
from headstart.features.feature_cache import FeatureCache
from headstart.features.stored_features import EmbeddedFeatures
from headstart.pixels.decode import describe_decoder, read_photo
from headstart.pixels.views import AS_IT_IS, View, render_view
from headstart.process.progress import Progress, ignore_progress
from headstart.storage.large_arrays import allocate_array, release_rows

ROWS_AT_ONCE = 2000  # asked of the cache: what it answers lies in memory a second time
SAVE_EVERY_S = 0.5  # a killed run loses at most this much work


class PhotoFile(Protocol):
    """What extraction needs to know of a photo; the catalog's `Photo` is one."""

    @property
    def path(self) -> Path:
        """Where its bytes are."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes in hex."""
        ...


@dataclass(frozen=True)
class Features:
    """What the frozen part gives for N photos, D numbers each.

    Attributes
    ----------
    matrix
        (N, D) float32; rows of photos that failed are NaN.
    failures
        Reasons by row, for photos that could not be decoded.
    precision
        The arithmetic that was used: ``f32``, ``bf16`` or ``int8``.
    n_extracted, n_cached
        Rows that were not in the cache and have features now (copies of one photo count, and are computed once), and
        rows that came from the cache.
    """

    matrix: npt.NDArray[np.float32]
    failures: dict[int, str]
    precision: str
    n_extracted: int
    n_cached: int


def make_recipe(backbone: Backbone, image_size: int, precision: str) -> Recipe:
    """Return the recipe of pooled features, with the precision that ``auto`` means on this machine."""
    spec = backbone.spec
    return Recipe(
        backbone=spec.fingerprint(),
        tensor="features",
        image_size=spec.check_image_size(image_size),
        precision=choose_precision(precision, is_quantised=backbone.is_quantised),
        engine=describe_engine(),
        decoder=describe_decoder(),
    )


class CompilingAhead(Thread):
    """Compiles what `extract_features` will need, beside other work, unless it was compiled here before.

    What goes wrong in it goes wrong again in the extraction, and is said there. Whoever holds it when the extraction
    begins spares that fetching the network from the result cache.
    """

    def __init__(self, backbone: Backbone, image_size: int, precision: str) -> None:
        super().__init__(name="headstart-compiling")
        self._what = backbone, image_size, precision
        self._compiled: object = None
        self.start()

    def run(self) -> None:
        """Compile."""
        backbone, image_size, precision = self._what
        with contextlib.suppress(HeadstartError, RuntimeError):
            build = backbone.plan_build(image_size, precision)
            if not build.is_kept():
                self._compiled = compile_network(backbone.weights, build)

    def forget(self) -> None:
        """Let go of the network."""
        self._compiled = None


def extract_features(
    photos: Sequence[PhotoFile],
    backbone: Backbone,
    *,
    image_size: int,
    precision: str = "auto",
    views: Sequence[View] | None = None,
    cache: FeatureCache | None = None,
    embedded: EmbeddedFeatures | None = None,
    progress: Progress = ignore_progress,
) -> Features:
    """Compute the pooled features of photos, or read them from the cache.

    Memory holds the result and a few batches, however many photos there are.

    Parameters
    ----------
    photos
        N photos; one may occur several times, in several views.
    image_size
        Side of the network's input in pixels.
    precision
        ``auto`` (bf16 where the processor computes in it), ``f32`` or ``bf16``; a quantised backbone computes in int8.
    views
        One for each of ``photos``; default: all as they are.
    cache
        None computes everything and keeps nothing.
    embedded
        Features that lie ready: taken before all others, if they are of the same network at the same size.
    """
    recipe = make_recipe(backbone, image_size, precision)
    views = [AS_IT_IS] * len(photos) if views is None else views
    keys = [make_key(photo.digest, recipe, view) for photo, view in zip(photos, views, strict=True)]
    matrix = allocate_array((len(photos), backbone.spec.n_features))
    embedded = embedded if embedded is not None and embedded.fits(recipe) else None
    missing, failures = _fill_from_parts(matrix, photos, views, embedded)
    n_known = len(failures)
    missing = _fill_from_cache(matrix, keys, missing, cache)
    n_cached = len(photos) - len(missing) - n_known
    if missing:

        def load(n: int) -> npt.NDArray[np.uint8]:
            return render_view(read_photo(photos[n].path, image_size, photos[n].digest), views[n])

        firsts, copies = _find_copies(missing, keys)
        engine = Engine(backbone.weights, backbone.plan_build(image_size, recipe.precision))
        with _Saver(cache) as saver:
            n_done = n_cached
            # a copy is computed only if the file that stands for it cannot be read; its own may be fine
            for rows in (firsts, (n for n, first in copies.items() if first in failures)):
                for n, row in engine.stream(rows, load):
                    n_done += 1
                    if isinstance(row, PhotoError):
                        failures[n] = str(row)
                        matrix[n] = np.nan
                    else:
                        matrix[n] = row
                        saver.add(keys[n], row)
                    if n_done % ROWS_AT_ONCE == 0:
                        release_rows(matrix)
                    progress(n_done, len(photos))
        for n, first in copies.items():
            if first not in failures:
                matrix[n] = matrix[first]
        release_rows(matrix)
        progress(len(photos), len(photos))
    return Features(matrix, failures, recipe.precision, len(missing) - len(failures) + n_known, n_cached)


def _fill_from_parts(
    matrix: npt.NDArray[np.float32], photos: Sequence[PhotoFile], views: Sequence[View], parts: EmbeddedFeatures | None
) -> tuple[Sequence[int], dict[int, str]]:
    """Fill the rows of ``matrix`` that lie ready; return the numbers of the others, and which are known to fail."""
    failures: dict[int, str] = {}
    if parts is None:
        return range(len(photos)), failures
    missing = array("q")
    for start in range(0, len(photos), ROWS_AT_ONCE):
        some = range(start, min(start + ROWS_AT_ONCE, len(photos)))
        found = parts.get_many([(photos[n].digest, views[n].describe()) for n in some])
        for n in some:
            if n - start in found:
                matrix[n] = found[n - start]
            elif (problem := parts.find_problem(photos[n].digest)) is not None:
                matrix[n], failures[n] = np.nan, problem
            else:
                missing.append(n)
        release_rows(matrix)
    return missing, failures


def _fill_from_cache(
    matrix: npt.NDArray[np.float32], keys: Sequence[bytes], wanted: Sequence[int], cache: FeatureCache | None
) -> Sequence[int]:
    """Fill those of the wanted rows of ``matrix`` that the cache has, and return the numbers of the others."""
    if cache is None or not len(wanted):
        return wanted
    missing = array("q")  # a list of numbers takes four times the memory
    for start in range(0, len(wanted), ROWS_AT_ONCE):
        some = wanted[start : start + ROWS_AT_ONCE]
        found = cache.get_many([keys[n] for n in some])
        for n in some:
            row = found.get(keys[n])
            if row is not None and row.shape == matrix.shape[1:]:
                matrix[n] = row
            else:
                missing.append(n)
        release_rows(matrix)
    return missing


def _find_copies(missing: Sequence[int], keys: Sequence[bytes]) -> tuple[array[int], dict[int, int]]:
    """Return the rows to compute, and for each that is a copy of one of them which one."""
    firsts, copies, seen = array("q"), {}, dict[bytes, int]()
    for n in missing:
        first = seen.setdefault(keys[n], n)
        if first == n:
            firsts.append(n)
        else:
            copies[n] = first
    return firsts, copies


class _Saver:
    """Puts rows into the cache twice a second, and whatever is left at the end, even after an error."""

    def __init__(self, cache: FeatureCache | None) -> None:
        self._cache = cache
        self._rows: dict[bytes, npt.NDArray[np.float32]] = {}
        self._saved_at = time.monotonic()

    def add(self, key: bytes, row: npt.NDArray[np.float32]) -> None:
        if self._cache is None:
            return
        self._rows[key] = row
        if time.monotonic() - self._saved_at > SAVE_EVERY_S:
            self._save()

    def _save(self) -> None:
        if self._cache is not None and self._rows:
            self._cache.put_many(self._rows)
        self._rows = {}
        self._saved_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._save()
