"""The rows of a matrix of features in the cache: read those that are there, write those that were computed."""

from __future__ import annotations

import time
from array import array
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from headstart.features.feature_cache import FeatureCache
from headstart.storage.large_arrays import release_rows

ROWS_AT_ONCE = 2000  # per query of the cache, whose answer is a second copy in memory
SAVE_EVERY_S = 0.5  # a killed run loses at most this much work


def fill_from_cache(
    matrix: npt.NDArray[np.float32], keys: Sequence[bytes] | Mapping[int, bytes], wanted: Sequence[int],
    feature_cache: FeatureCache | None, n_features: int | None = None,
) -> Sequence[int]:  # fmt: skip
    """Fill the wanted rows of ``matrix`` (N, D) that are in the cache, and return the missing rows.

    Parameters
    ----------
    keys
        Keys of the rows.
    n_features
        Number of features of the cached rows, of which the last D are taken. Default: D.
    """
    if feature_cache is None or not len(wanted):
        return wanted
    missing = array("q")  # a list of numbers takes four times the memory
    for start in range(0, len(wanted), ROWS_AT_ONCE):
        some = wanted[start : start + ROWS_AT_ONCE]
        found = feature_cache.get_many([keys[n] for n in some])
        for n in some:
            row = found.get(keys[n])
            if row is not None and len(row) == (n_features or matrix.shape[1]):
                matrix[n] = row[-matrix.shape[1] :]
            else:
                missing.append(n)
        release_rows(matrix)
    return missing


class CacheWriter:
    """Writes rows to the cache twice a second, and the remaining ones at the end, also after an error."""

    def __init__(self, feature_cache: FeatureCache | None) -> None:
        self._feature_cache = feature_cache
        self._rows: dict[bytes, npt.NDArray[np.float32]] = {}
        self._saved_at = time.monotonic()

    def add(self, key: bytes, row: npt.NDArray[np.float32], *, is_kept: bool) -> None:
        """Write a row (D,) by its key, at once or later, if it is to be kept."""
        if self._feature_cache is None or not is_kept:
            return
        self._rows[key] = row
        if time.monotonic() - self._saved_at > SAVE_EVERY_S:
            self._save()

    def _save(self) -> None:
        if self._feature_cache is not None and self._rows:
            self._feature_cache.put_many(self._rows)
        self._rows = {}
        self._saved_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._save()
