"""What the frozen part gives for photos at a cut: computed once, kept on disk, and read from there batch by batch.

A file holds the activations of all photos of a training in all their views, in float16, or the decoded photos
themselves where nothing is frozen. It is mapped into memory and never held there whole. The files of earlier trainings
stay until the limit is reached; those that were used last stay longest.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.engine import Engine, plan_build
from headstart.backbone.loading import Backbone
from headstart.backbone.processor import choose_precision, describe_engine
from headstart.backbone.spec import PIXELS_CUT
from headstart.cores import count_cores
from headstart.errors import CacheError, PhotoError
from headstart.features.extract import PhotoFile
from headstart.folders import find_cache_folder
from headstart.large_arrays import release_rows, walk_rows
from headstart.pixels.decode import describe_decoder, read_photo
from headstart.pixels.views import View, render_view
from headstart.progress import Progress, ignore_progress
from headstart.shelf import name_result

FOLDER = "activations-1"  # another layout gets another name
LIMIT_BYTES = 10_000_000_000
PHOTOS_AT_ONCE = 64  # decoded beside each other, where nothing is frozen


@dataclass(frozen=True, eq=False)
class Activations:
    """The activations of N photos in V views.

    Attributes
    ----------
    array
        (V, N, H, W, C): float16, or uint8 of decoded photos. On disk.
    n_computed
        Photos times views that were computed now; 0 where all were there.
    """

    array: npt.NDArray[Any]
    n_computed: int

    def take(self, views: npt.NDArray[np.int64], photos: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Return (B, H, W, C): photo ``photos[b]`` in view ``views[b]``, both numbers; the memory is a copy's alone."""
        return np.stack([self.array[view, photo] for view, photo in zip(views, photos, strict=True)])

    def release(self) -> None:
        """Give back the memory that reading has filled."""
        release_rows(self.array)


def open_activations(
    photos: Sequence[PhotoFile],
    backbone: Backbone,
    *,
    cut: str,
    image_size: int,
    views: Sequence[View],
    precision: str = "auto",
    limit_bytes: int = LIMIT_BYTES,
    progress: Progress = ignore_progress,
) -> Activations:
    """Compute the activations of photos at a cut, or open the file that has them.

    Parameters
    ----------
    photos
        N photos that can be decoded.
    cut
        The name of the last frozen stage, or ``pixels``: then nothing is frozen, and the photos are only decoded.
    views
        V views, the same of every photo.
    limit_bytes
        That all such files together may take on disk.

    Raises
    ------
    CacheError
        If the activations need more than the limit, or more room than the disk has.
    PhotoError
        If a photo cannot be decoded.
    """
    plan = _plan(backbone, cut, image_size, precision)
    shape = (len(views), len(photos), *plan.shape)
    n_bytes = int(np.prod(shape, dtype=np.int64)) * plan.dtype.itemsize
    folder = find_cache_folder() / FOLDER
    if n_bytes > limit_bytes:
        raise CacheError(
            f"Cannot keep the activations at cut {cut!r}: got {n_bytes / 1e9:.1f} GB for {len(photos):,} photos in "
            f"{len(views)} views, need at most {limit_bytes / 1e9:.1f} GB. Give a larger --cache-limit, fewer --views, "
            "or a --cut further up."
        )
    path = folder / name_result(*plan.facts, *(view.describe() for view in views), *(photo.digest for photo in photos))
    found = _open_kept(path, shape, plan.dtype)
    if found is not None:
        return Activations(found, 0)
    with _write_file(path, n_bytes, limit_bytes) as partial:
        array = np.memmap(partial, plan.dtype, "r+", shape=shape)
        n_items = len(photos) * len(views)
        for n_done, ((number, n), row) in enumerate(plan.compute(photos, views), 1):
            array[number, n] = row
            if n_done % 1000 == 0:
                release_rows(array)
            progress(n_done, n_items)
        array.flush()
        _note(partial).write_text(json.dumps({"checksum": _sum_up(array)}))
    kept = _open_kept(path, shape, plan.dtype)
    if kept is None:
        raise CacheError(f"Cannot keep the activations at cut {cut!r}: the file '{path}' is gone again. Start again.")
    return Activations(kept, n_items)


@dataclass(frozen=True)
class _Plan:
    """What is computed of a photo, and how."""

    backbone: Backbone
    cut: str
    image_size: int
    precision: str
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    facts: tuple[str, ...]

    def compute(
        self, photos: Sequence[PhotoFile], views: Sequence[View]
    ) -> Iterator[tuple[tuple[int, int], npt.NDArray[Any]]]:
        """Yield (view, photo) and what they give, photo after photo."""

        def load(item: tuple[int, int]) -> npt.NDArray[np.uint8]:
            number, n = item
            return render_view(read_photo(photos[n].path, self.image_size, photos[n].digest), views[number])

        items = ((number, n) for n in range(len(photos)) for number in range(len(views)))
        if self.cut == PIXELS_CUT:
            with ThreadPoolExecutor(count_cores()) as pool:
                todo = list(items)
                for start in range(0, len(todo), PHOTOS_AT_ONCE):
                    some = todo[start : start + PHOTOS_AT_ONCE]
                    yield from zip(some, pool.map(load, some), strict=True)
            return
        spec = self.backbone.spec
        build = plan_build(
            spec.weights_sha256, image_size=self.image_size, precision=self.precision,
            tensor=spec.find_stage(self.cut).tensor, float32_below=spec.float32_below,
        )  # fmt: skip
        for (number, n), row in Engine(self.backbone.weights, build).stream(items, load):
            if isinstance(row, PhotoError):
                raise PhotoError(f"Cannot train on '{photos[n].path}' any more: {row}.")
            yield (number, n), row.transpose(1, 2, 0)


def _plan(backbone: Backbone, cut: str, image_size: int, precision: str) -> _Plan:
    spec = backbone.spec
    facts = [spec.fingerprint(), cut, str(image_size), describe_decoder()]
    if cut == PIXELS_CUT:
        shape: tuple[int, int, int] = (image_size, image_size, 3)
        dtype: np.dtype[Any] = np.dtype(np.uint8)
    else:
        stage, precision = spec.find_stage(cut), choose_precision(precision)
        side = -(-image_size // stage.stride)
        shape, dtype = (side, side, stage.n_channels), np.dtype(np.float16)
        facts += [precision, describe_engine()]
    return _Plan(backbone, cut, image_size, precision, shape, dtype, tuple(facts))


def _open_kept(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any] | None:
    """Return what lies at a path if it is whole, to be read only."""
    try:
        checksum = json.loads(_note(path).read_text())["checksum"]
        array = np.memmap(path, dtype, "r", shape=shape)
        if _sum_up(array) != checksum:
            return None
        os.utime(path)
    except (OSError, ValueError, KeyError):
        return None
    return array


def _sum_up(array: npt.NDArray[Any]) -> int:
    checksum = 0
    flat = array.reshape(-1, *array.shape[2:])
    for rows in walk_rows(flat):
        checksum = zlib.crc32(np.ascontiguousarray(flat[rows]).data, checksum)
    return checksum


def _note(path: Path) -> Path:
    """Return where the checksum of a file stands."""
    return path.with_name(f"{path.name}.json")


@contextlib.contextmanager
def _write_file(path: Path, n_bytes: int, limit_bytes: int) -> Iterator[Path]:
    """Give a file of a size under a temporary name, and rename it if the block ends well."""
    partial = path.with_name(f"{path.name}.partial-{platform.node()}-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(path.parent, limit_bytes - n_bytes)
        with partial.open("wb") as file:
            file.truncate(n_bytes)
            if hasattr(os, "posix_fallocate"):  # a full disk is an error now and not a crash later
                os.posix_fallocate(file.fileno(), 0, n_bytes)
        yield partial
        partial.replace(path)
        _note(partial).replace(_note(path))
    except OSError as error:
        raise CacheError(
            f"Cannot keep {n_bytes / 1e6:,.0f} MB of activations: {error.strerror or error}. Make room on the disk, or "
            "set HEADSTART_CACHE to a folder on a larger one."
        ) from None
    finally:
        for leftover in (partial, _note(partial)):
            leftover.unlink(missing_ok=True)


def _make_room(folder: Path, n_bytes: int) -> None:
    """Delete files until the rest takes no more than ``n_bytes``: those of dead processes, then the least used."""
    kept = []
    for path in folder.iterdir():
        if ".partial-" in path.name:
            if not _is_alive(path.name):
                path.unlink(missing_ok=True)
        elif path.suffix != ".json":  # of a note
            kept.append((path.stat().st_mtime, path.stat().st_size, path))
    total = sum(size for _, size, _ in kept)
    for _, size, path in sorted(kept):
        if total <= n_bytes:
            return
        for leftover in (path, _note(path)):
            leftover.unlink(missing_ok=True)
        total -= size


def _is_alive(name: str) -> bool:
    """Say whether the process that writes a partial file may still run."""
    host, _, number = name.partition(".partial-")[2].removesuffix(".json").rpartition("-")
    if host != platform.node() or not number.isdigit():
        return host != platform.node()
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def measure_activations() -> int:
    """Return the bytes that the files take on disk."""
    folder = find_cache_folder() / FOLDER
    with contextlib.suppress(OSError):
        return sum(path.stat().st_size for path in folder.iterdir())
    return 0


def clear_activations() -> None:
    """Delete all files."""
    folder = find_cache_folder() / FOLDER
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            path.unlink(missing_ok=True)
