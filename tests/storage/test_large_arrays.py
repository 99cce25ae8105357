"""Large arrays behave like small ones and leave neither files nor memory behind."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from headstart.errors import CacheError
from headstart.storage import large_arrays
from headstart.storage.large_arrays import allocate_array, join_rows, map_file, release_rows, take_rows, walk_rows


@pytest.fixture
def is_large(monkeypatch, tmp_path):
    """Make every array a large one, with small blocks."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(large_arrays, "LARGE_BYTES", 1)
    monkeypatch.setattr(large_arrays, "BLOCK_BYTES", 1 << 14)
    return tmp_path / "cache"


def fill(n_rows: int = 3000, n_columns: int = 7) -> np.ndarray:
    X = allocate_array((n_rows, n_columns))
    for rows in walk_rows(X):
        X[rows] = np.arange(n_rows)[rows, None]
    return X


def test_small_arrays_are_numpys_own():
    X = allocate_array((10, 3), np.float64)
    assert type(X) is np.ndarray
    assert (X.dtype, X.sum()) == (np.float64, 0)


def test_large_arrays_lie_in_a_file_without_a_name(is_large):
    X = fill()
    assert isinstance(X, np.memmap)
    assert list(is_large.iterdir()) == []
    np.testing.assert_array_equal(X[:, 3], np.arange(3000))


def test_released_rows_keep_their_values(is_large):
    X = fill()
    release_rows(X)
    release_rows(X[5:2000])
    X[7] = -1
    release_rows(X)
    assert (X[7] == -1).all()
    np.testing.assert_array_equal(X[8:, 0], np.arange(8, 3000))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux to count resident pages")
def test_walking_an_array_keeps_a_few_blocks_in_memory(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))

    def count_resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    X = allocate_array((30_000, 1000))
    before, most = count_resident(), 0
    for rows in walk_rows(X):
        X[rows] = 1
        most = max(most, count_resident())
    assert most - before < 0.25 * X.nbytes


@pytest.mark.parametrize("n_rows", [1, 7, 100, None])
def test_blocks_cover_every_row_once(is_large, n_rows):
    for X in (np.zeros((50, 3)), fill(50)):
        numbers = np.concatenate([np.arange(50)[rows] for rows in walk_rows(X, n_rows)])
        np.testing.assert_array_equal(numbers, np.arange(50))
    assert list(walk_rows(np.zeros((0, 3)))) == []


def test_consecutive_rows_are_a_view(is_large):
    X = fill(100)
    assert np.shares_memory(take_rows(X, range(10, 20)), X)
    scattered = take_rows(X, [5, 3, 99])
    assert not np.shares_memory(scattered, X)
    np.testing.assert_array_equal(scattered[:, 0], [5, 3, 99])
    assert take_rows(X, []).shape == (0, 7)


def test_adjacent_arrays_are_joined_without_a_copy(is_large):
    for X in (fill(100), np.arange(700, dtype=np.float32).reshape(100, 7)):
        joined = join_rows(X[10:30], X[30:31], X[31:90])
        assert np.shares_memory(joined, X)
        assert type(joined) is type(X)
        np.testing.assert_array_equal(joined, X[10:90])
        assert not np.shares_memory(join_rows(X[10:30], X[31:90]), X)
        assert not np.shares_memory(join_rows(X[30:40], X[10:30]), X)


def test_joined_rows_keep_their_order(is_large):
    np.testing.assert_array_equal(join_rows(fill(50), fill(20))[:, 0], [*range(50), *range(20)])


def test_a_full_disk_is_an_error_at_allocation(is_large, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with pytest.raises(CacheError, match=r"store 4 MB of features: No space left.*HEADSTART_CACHE") as caught:
        allocate_array((1000, 1000))
    assert caught.value.path == is_large


def test_without_a_cache_folder_the_temporary_folder_is_used(is_large, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "file"))
    assert isinstance(fill(), np.memmap)


@pytest.mark.parametrize("reason", [errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS])
def test_a_file_system_that_cannot_reserve_space_is_used_anyway(is_large, monkeypatch, reason):
    monkeypatch.setattr(os, "posix_fallocate", lambda *_: (_ for _ in ()).throw(OSError(reason, "no reservation")))
    assert fill()[7, 0] == 7


def test_an_array_stays_valid_after_its_file_is_deleted(tmp_path):
    with (tmp_path / "file").open("w+b") as file:
        X = map_file(file, (50, 3), np.float32)
    (tmp_path / "file").unlink()
    X[3] = 1
    release_rows(X)
    assert X.sum() == 3
