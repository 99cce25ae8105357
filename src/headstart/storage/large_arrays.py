"""Arrays that may outgrow memory: small ones are numpy's own, large ones lie in a file without a name.

Such a file is mapped into memory, so every function of numpy takes it as it is. What has been read stays resident,
though, until the system needs room or someone says that it is done with it: `walk_rows` and `release_rows` do.
"""

from __future__ import annotations

import contextlib
import errno
import math
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from headstart.errors import CacheError
from headstart.storage.local_files import find_cache_folder

LARGE_BYTES = 64 << 20  # from here on an array lies in a file
BLOCK_BYTES = 4 << 20  # of a large array that are worked on at a time
NO_PROMISE = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)  # of file systems and libraries that cannot promise room

Array = npt.NDArray[Any]


def allocate_array(shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32, what: str = "features") -> Array:
    """Return an array of zeros, in a file if it is large; the file vanishes with the array or the process.

    Parameters
    ----------
    what
        It will hold, for the error.

    Raises
    ------
    CacheError
        If the disk has no room for it.
    """
    n_bytes = count_bytes(shape, dtype)
    if n_bytes < LARGE_BYTES:
        return np.zeros(shape, dtype)
    reason = ""
    for folder in (find_cache_folder(), None):  # first choice: a folder for temporary files is often kept in memory
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                return map_file(file, shape, dtype)
        except OSError as error:
            reason = error.strerror or str(error)
    raise CacheError(
        f"Cannot hold {n_bytes / 1e6:,.0f} MB of {what}: {reason}. Make room on the disk, or set HEADSTART_CACHE to "
        "a folder on a larger one."
    )


def count_bytes(shape: tuple[int, ...], dtype: npt.DTypeLike) -> int:
    """Return the bytes that an array takes."""
    return math.prod(shape) * np.dtype(dtype).itemsize


def map_file(file: IO[bytes], shape: tuple[int, ...], dtype: npt.DTypeLike) -> np.memmap[Any, np.dtype[Any]]:
    """Return an array of zeros in an open, empty file; raise OSError if the disk has no room for it.

    The array outlives the file's closing and its name.
    """
    n_bytes = count_bytes(shape, dtype)
    file.truncate(n_bytes)
    if hasattr(os, "posix_fallocate"):  # a full disk is an error now and not a crash later
        try:
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        except OSError as error:
            if error.errno not in NO_PROMISE:
                raise
    return np.memmap(file, dtype, "r+", shape=shape)


def walk_rows(X: Array, n_rows: int | None = None) -> Iterator[slice]:
    """Yield slices that cover the rows of an array, and release each block of a large one when the next is asked for.

    Parameters
    ----------
    n_rows
        Of each block; default: all of a small array, `BLOCK_BYTES` of a large one.

    Examples
    --------
    >>> list(walk_rows(np.zeros((5, 2)), 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    is_large = isinstance(X, np.memmap)
    if n_rows is None:
        n_rows = max(1, BLOCK_BYTES // max(1, X.nbytes // max(1, len(X)))) if is_large else max(1, len(X))
    n_released = 0
    for start in range(0, len(X), n_rows):
        rows = slice(start, min(start + n_rows, len(X)))
        yield rows
        if is_large and (X[n_released : rows.stop].nbytes >= BLOCK_BYTES or rows.stop == len(X)):
            release_rows(X[n_released : rows.stop])
            n_released = rows.stop


def release_rows(X: Array) -> None:
    """Give back the memory in which rows of a large array are held; they stay in their file."""
    mapped = getattr(X, "_mmap", None)
    if not isinstance(X, np.memmap) or mapped is None or not X.nbytes or not hasattr(mapped, "madvise"):
        return
    start = X.ctypes.data - np.frombuffer(mapped, np.uint8).ctypes.data
    first = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE  # pages that are shared with neighbours stay
    length = (start + X.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE - first
    if length > 0:
        with contextlib.suppress(OSError):
            mapped.madvise(mmap.MADV_DONTNEED, first, length)


def take_rows(X: Array, at: Sequence[int] | npt.NDArray[np.int64]) -> Array:
    """Return rows by their numbers: a view where they follow each other, otherwise a copy."""
    numbers = np.asarray(at, np.int64)
    if not len(numbers) or (np.diff(numbers) == 1).all():
        return X[numbers[0] : numbers[-1] + 1] if len(numbers) else X[:0]
    taken = allocate_array((len(numbers), *X.shape[1:]), X.dtype)
    for rows in walk_rows(taken, 1024):
        taken[rows] = X[numbers[rows]]
        release_rows(X[numbers[rows].min() : numbers[rows].max() + 1])
    return taken


def join_rows(*arrays: Array) -> Array:
    """Return arrays one below the other: a view where they are neighbours in memory, otherwise a copy."""
    first = arrays[0]
    if all(_is_next(above, below) for above, below in pairwise(arrays)):
        shape = (sum(map(len, arrays)), *first.shape[1:])
        return np.lib.stride_tricks.as_strided(first, shape, first.strides, subok=True)
    joined = allocate_array((sum(map(len, arrays)), *first.shape[1:]), first.dtype)
    start = 0
    for array in arrays:
        for rows in walk_rows(array, 1024):
            place = slice(start + rows.start, start + rows.stop)
            joined[place] = array[rows]
            release_rows(joined[place])
        start += len(array)
    return joined


def _is_next(above: Array, below: Array) -> bool:
    is_one = above.base is not None and above.base is below.base and above.strides == below.strides
    return is_one and above.ctypes.data + above.nbytes == below.ctypes.data and above.flags.c_contiguous
