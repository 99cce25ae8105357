"""Arrays that may be larger than memory: small ones are numpy arrays, large ones are memory-mapped temporary files.

Every function of numpy takes a memory-mapped array. Pages that were read stay in memory until the system needs room or
the program releases them: `walk_rows` and `release_rows` do.
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

LARGE_BYTES = 64 << 20  # from this size on an array lies in a file
SCATTERED_ROWS = 64  # that are read before they are released: around each, the system may map a megabyte of the file
BLOCK_BYTES = 4 << 20  # part of a large array that is in memory at a time
NO_RESERVATION = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)  # from systems that cannot reserve space on a disk

Array = npt.NDArray[Any]


def allocate_array(shape: tuple[int, ...], dtype: npt.DTypeLike = np.float32, what: str = "features") -> Array:
    """Return an array of zeros; a large one lies in a file that is deleted with the array or the process.

    If the disk has no room for it, raise CacheError, whose message calls the content ``what``.
    """
    n_bytes = count_bytes(shape, dtype)
    if n_bytes < LARGE_BYTES:
        return np.zeros(shape, dtype)
    cache_folder, reason = find_cache_folder(), ""
    for folder in (cache_folder, None):  # None: the folder for temporary files, which often lies in memory
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as file:
                return map_file(file, shape, dtype)
        except OSError as error:
            reason = error.strerror or str(error)
    raise CacheError(
        f"Cannot store {n_bytes / 1e6:,.0f} MB of {what}: {reason}. Make room on the disk, or set HEADSTART_CACHE to "
        "a folder on a larger disk.",
        path=cache_folder,
    )


def count_bytes(shape: tuple[int, ...], dtype: npt.DTypeLike) -> int:
    """Return the size of an array in bytes."""
    return math.prod(shape) * np.dtype(dtype).itemsize


def map_file(file: IO[bytes], shape: tuple[int, ...], dtype: npt.DTypeLike) -> np.memmap[Any, np.dtype[Any]]:
    """Return an array of zeros in an open, empty file; raise OSError if the disk has no room for it.

    The array stays valid after the file is closed and deleted.
    """
    n_bytes = count_bytes(shape, dtype)
    file.truncate(n_bytes)
    if hasattr(os, "posix_fallocate"):  # a full disk is an error here, not a crash at the first write to a page
        try:
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        except OSError as error:
            if error.errno not in NO_RESERVATION:
                raise
    return np.memmap(file, dtype, "r+", shape=shape)


def walk_rows(X: Array, n_rows: int | None = None) -> Iterator[slice]:
    """Yield slices that cover the rows of an array; each block of a large array is released before the next.

    ``n_rows`` is the number of rows per block. Default: all rows of a small array, `BLOCK_BYTES` of a large one.

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
    """Release the memory of rows of a large array; the rows stay in their file."""
    mapped = getattr(X, "_mmap", None)
    if not isinstance(X, np.memmap) or mapped is None or not X.nbytes or not hasattr(mapped, "madvise"):
        return
    start = X.ctypes.data - np.frombuffer(mapped, np.uint8).ctypes.data
    first = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE  # pages that hold parts of other rows stay in memory
    length = (start + X.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE - first
    if length > 0:
        with contextlib.suppress(OSError):
            mapped.madvise(mmap.MADV_DONTNEED, first, length)


def take_rows(X: Array, indices: Sequence[int] | npt.NDArray[np.int64]) -> Array:
    """Return rows by their indices: a view if they are consecutive, otherwise a copy."""
    numbers = np.asarray(indices, np.int64)
    if not len(numbers) or (np.diff(numbers) == 1).all():
        return X[numbers[0] : numbers[-1] + 1] if len(numbers) else X[:0]
    taken = allocate_array((len(numbers), *X.shape[1:]), X.dtype)
    for rows in walk_rows(taken, SCATTERED_ROWS):
        taken[rows] = X[numbers[rows]]
        release_rows(X[numbers[rows].min() : numbers[rows].max() + 1])
    return taken


def join_rows(*arrays: Array) -> Array:
    """Concatenate arrays along rows: a view if they are adjacent in memory, otherwise a copy."""
    first = arrays[0]
    if all(_is_adjacent(above, below) for above, below in pairwise(arrays)):
        shape = (sum(map(len, arrays)), *first.shape[1:])
        return np.lib.stride_tricks.as_strided(first, shape, first.strides, subok=True)
    joined = allocate_array((sum(map(len, arrays)), *first.shape[1:]), first.dtype)
    start = 0
    for array in arrays:
        for rows in walk_rows(array, 1024):
            target = slice(start + rows.start, start + rows.stop)
            joined[target] = array[rows]
            release_rows(joined[target])
        start += len(array)
    return joined


def _is_adjacent(above: Array, below: Array) -> bool:
    is_same_base = above.base is not None and above.base is below.base and above.strides == below.strides
    return is_same_base and above.ctypes.data + above.nbytes == below.ctypes.data and above.flags.c_contiguous
