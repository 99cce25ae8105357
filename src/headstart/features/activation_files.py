"""The files of activations in the user's cache: each is complete or absent, and together they stay within a limit.

The writer of a file holds a lock on it; if the process is killed, the system releases the lock at once. On a file
system without locks, the time of the last write decides whether a writer is alive.
"""

from __future__ import annotations

import json
import os
import secrets
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.errors import CacheError
from headstart.features.cache_key import mark_photo
from headstart.storage.file_locks import lock_file
from headstart.storage.large_arrays import Array, count_bytes, map_file, walk_rows
from headstart.storage.local_files import (
    delete_file,
    list_files,
    measure_folder,
    open_regular,
    read_regular,
)
from headstart.storage.removal import Removal

FOLDER = "activations-1"  # a new layout gets a new name
SILENT_S = 3600  # without locks: after this time without a write, the writer counts as dead
_PARTIAL = ".partial-"


def open_activation_file(path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array | None:
    """Open a file for reading; return None if it is missing or incomplete. Reads it once, to compare checksums."""
    try:
        checksums = json.loads(read_regular(_note_path(path)))["checksums"]
        with open_regular(path) as file:
            array = np.memmap(file, dtype, "r", shape=shape)
        if [_compute_checksum(rows) for rows in array] != checksums:
            return None
        os.utime(path)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return array


def write_activation_file(
    path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike, limit_bytes: int, fill: Callable[[Array], list[int]],
    digests: Sequence[str] | None = None,
) -> Array:  # fmt: skip
    """Write a file, and return its contents as a read-only array.

    If another process deletes the file meanwhile, the array stays usable; only the next training does not find it.

    Parameters
    ----------
    limit_bytes
        Largest size of all files together. To make room, the files that were not used for longest are deleted.
    fill
        Function that fills the array and returns a checksum for each index of the first axis; see `extend_checksum`.
    digests
        Digests of the photos in the file, by which `forget_activations` finds it. None: they are not known.

    Raises
    ------
    CacheError
        If the disk is full, or the files that other processes are writing leave no room within the limit.
    """
    n_bytes = count_bytes(shape, dtype)
    partial = path.with_name(f"{path.name}{_PARTIAL}{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(limit_bytes, n_bytes)
        with partial.open("w+b") as file:
            with suppress(OSError):
                lock_file(file)
            array = map_file(file, shape, dtype)
            checksums = fill(array)
            array.flush()
            with suppress(OSError):  # the file was deleted, or there is no room for its note
                marks = None if digests is None else [mark_photo(digest).hex() for digest in digests]
                _note_path(partial).write_text(json.dumps({"checksums": checksums, "photos": marks}))
                partial.replace(path)
                _note_path(partial).replace(_note_path(path))
    except OSError as error:
        raise CacheError(
            f"Cannot keep {describe_size(n_bytes)} of activations: {error.strerror or error}. Make room on the disk, "
            "or set HEADSTART_CACHE to a folder on a larger one."
        ) from None
    finally:
        for leftover in (partial, _note_path(partial)):
            delete_file(leftover)
    array.flags.writeable = False
    return array


def extend_checksum(checksum: int, rows: npt.NDArray[Any]) -> int:
    """Return the checksum of the rows so far, extended by more rows."""
    return zlib.crc32(np.ascontiguousarray(rows).data, checksum)


def _compute_checksum(array: Array) -> int:
    checksum = 0
    for rows in walk_rows(array):
        checksum = extend_checksum(checksum, array[rows])
    return checksum


def describe_size(n_bytes: int) -> str:
    """Return a number of bytes for people.

    Examples
    --------
    >>> describe_size(1_250_000_000), describe_size(12_345_678), describe_size(1000)
    ('1.2 GB', '12.3 MB', '1.0 kB')
    """
    for size, unit in ((1e9, "GB"), (1e6, "MB")):
        if n_bytes >= size:
            return f"{n_bytes / size:,.1f} {unit}"
    return f"{n_bytes / 1e3:.1f} kB"


def measure_activations() -> int:
    """Return the size of the files on disk in bytes."""
    return measure_folder(FOLDER)


def clear_activations() -> None:
    """Delete all files, except those that a process is writing."""
    for path, status in list_files(FOLDER):
        if not _is_being_written(path, status):
            delete_file(path)


def forget_activations(digests: Iterable[str]) -> Removal:
    """Delete every file that holds one of these photos, or that does not say which photos it holds."""
    marks = {mark_photo(digest).hex() for digest in digests}
    removal = Removal("activations", "files, which also held other photos")
    for path, status in list_files(FOLDER):
        if _is_being_written(path, status):
            removal.problems.append("a training is writing activations")
        elif _PARTIAL in path.name or (path.suffix != ".json" and not _is_without(path, marks)):
            removal.delete(path)
            delete_file(_note_path(path))
    return removal


def _is_without(path: Path, marks: set[str]) -> bool:
    """Say whether the note of a file shows that it holds no photo with one of these marks."""
    try:
        return marks.isdisjoint(json.loads(read_regular(_note_path(path)))["photos"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _make_room(limit_bytes: int, n_bytes: int) -> None:
    """Delete files until another one fits: first files of dead processes, then those not used for longest."""
    n_busy, kept = 0, []
    for path, status in list_files(FOLDER):
        if _PARTIAL not in path.name:
            if path.suffix != ".json":  # a note
                kept.append((status.st_mtime, status.st_size, path))
        elif _is_being_written(path, status):
            n_busy += status.st_size
        else:
            delete_file(path)
    room = limit_bytes - n_bytes - n_busy
    if room < 0:
        raise CacheError(
            f"Cannot keep {describe_size(n_bytes)} of activations: got {describe_size(n_busy)} that other trainings "
            f"are writing, need at most {describe_size(limit_bytes)} together. Start again when they are done, or give "
            "a larger --cache-limit."
        )
    total = sum(size for _, size, _ in kept)
    for _, size, path in sorted(kept):
        if total <= room:
            return
        for leftover in (path, _note_path(path)):
            delete_file(leftover)
        total -= size


def _is_being_written(path: Path, status: os.stat_result) -> bool:
    """Say whether a running process is writing a file or its note."""
    if _PARTIAL not in path.name:
        return False
    try:
        with path.with_name(path.name.removesuffix(".json")).open("r+b") as file:
            lock_file(file)
    except BlockingIOError:
        return True
    except FileNotFoundError:  # a note without its file
        return False
    except OSError:
        return time.time() - status.st_mtime < SILENT_S
    return False


def _note_path(path: Path) -> Path:
    """Return the path of a file's note, which has its checksums."""
    return path.with_name(f"{path.name}.json")
