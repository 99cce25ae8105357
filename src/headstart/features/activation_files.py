"""The files of activations in the user's cache: each whole or not there, and all of them within a limit.

The writer of a file holds a lock on it, which the system takes from a killed process at once, whatever its number and
host. Where a file system has no locks, the time of the last write tells.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from headstart.errors import CacheError
from headstart.storage.large_arrays import Array, count_bytes, map_file, walk_rows
from headstart.storage.local_files import delete_file, list_files, measure_folder

FOLDER = "activations-1"  # another layout gets another name
SILENT_S = 3600  # without a write and without locks: its writer is dead
_PARTIAL = ".partial-"


def open_file(path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array | None:
    """Return what lies at a path, to be read only; None if it is not there or not whole. Reads all of it once."""
    try:
        checksums = json.loads(_note(path).read_text())["checksums"]
        array = np.memmap(path, dtype, "r", shape=shape)
        if [_sum_up(rows) for rows in array] != checksums:
            return None
        os.utime(path)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return array


def write_file(
    path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike, limit_bytes: int, fill: Callable[[Array], list[int]]
) -> Array:
    """Write a file and return what is in it, to be read only.

    Another process may delete it at any time: then it is gone for the next one, and this one goes on.

    Parameters
    ----------
    limit_bytes
        That it may take together with the others, of which those that were used least go first.
    fill
        Fills an array, and returns the checksum of each of its first axis (see `add_to_sum`).

    Raises
    ------
    CacheError
        If there is no room: on the disk, or beside the files that other processes write at the time.
    """
    n_bytes = count_bytes(shape, dtype)
    partial = path.with_name(f"{path.name}{_PARTIAL}{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(limit_bytes, n_bytes)
        with partial.open("w+b") as file:
            with suppress(OSError):
                _lock(file)
            array = map_file(file, shape, dtype)
            checksums = fill(array)
            array.flush()
            with suppress(OSError):  # it was deleted, or its note has no room
                _note(partial).write_text(json.dumps({"checksums": checksums}))
                partial.replace(path)
                _note(partial).replace(_note(path))
    except OSError as error:
        raise CacheError(
            f"Cannot keep {describe_size(n_bytes)} of activations: {error.strerror or error}. Make room on the disk, "
            "or set HEADSTART_CACHE to a folder on a larger one."
        ) from None
    finally:
        for leftover in (partial, _note(partial)):
            delete_file(leftover)
    array.flags.writeable = False
    return array


def add_to_sum(checksum: int, rows: npt.NDArray[Any]) -> int:
    """Return the checksum of what was summed up so far and rows that follow it."""
    return zlib.crc32(np.ascontiguousarray(rows).data, checksum)


def _sum_up(array: Array) -> int:
    checksum = 0
    for rows in walk_rows(array):
        checksum = add_to_sum(checksum, array[rows])
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
    """Return the bytes that the files take on disk."""
    return measure_folder(FOLDER)


def clear_activations() -> None:
    """Delete all files but those that a process is writing."""
    for path, status in list_files(FOLDER):
        if not _is_being_written(path, status):
            delete_file(path)


def _make_room(limit_bytes: int, n_bytes: int) -> None:
    """Delete files until the rest leaves room for another: those of dead processes, then the least used."""
    n_busy, kept = 0, []
    for path, status in list_files(FOLDER):
        if _PARTIAL not in path.name:
            if path.suffix != ".json":  # of a note
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
        for leftover in (path, _note(path)):
            delete_file(leftover)
        total -= size


def _is_being_written(path: Path, status: os.stat_result) -> bool:
    """Say whether a living process is writing a file or its note."""
    if _PARTIAL not in path.name:
        return False
    try:
        with path.with_name(path.name.removesuffix(".json")).open("r+b") as file:
            _lock(file)
    except BlockingIOError:
        return True
    except FileNotFoundError:  # a note that was left alone
        return False
    except OSError:
        return time.time() - status.st_mtime < SILENT_S
    return False


def _lock(file: IO[bytes]) -> None:
    """Lock a file for as long as it is open; raise BlockingIOError if another process has, OSError without locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        raise OSError(errno.ENOSYS, "no locks") from None
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _note(path: Path) -> Path:
    """Return where the checksums of a file stand."""
    return path.with_name(f"{path.name}.json")
