"""The result cache returns whole results only, and its size is limited."""

import os

import pytest

from headstart.storage import result_cache
from headstart.storage.result_cache import (
    BACKBONES,
    clear_results,
    fetch_result,
    forget_results,
    keep_result,
    measure_results,
    name_result,
)


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    return tmp_path / result_cache.FOLDER


def test_a_kept_result_is_fetched():
    name = name_result("network", "1")
    assert fetch_result(name) is None
    keep_result(name, b"compiled")
    assert fetch_result(name) == b"compiled"
    assert fetch_result(name_result("network", "2")) is None


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 40])
def test_a_damaged_result_counts_as_missing(folder, damage):
    keep_result("a" * 64, b"compiled")
    (folder / ("a" * 64)).write_bytes(damage)
    assert fetch_result("a" * 64) is None
    keep_result("a" * 64, b"again")
    assert fetch_result("a" * 64) == b"again"


def test_the_least_recently_used_results_are_deleted_first(folder, monkeypatch):
    monkeypatch.setattr(result_cache, "MAX_BYTES", 10 * 36)
    for n in range(10):
        keep_result(f"{n:064}", b"data")
        os.utime(folder / f"{n:064}", (n, n))
    assert fetch_result(f"{0:064}") == b"data"  # used now, so no longer the oldest
    keep_result("f" * 64, b"new!")
    assert fetch_result(f"{1:064}") is None
    assert fetch_result(f"{0:064}") == b"data"
    assert len(list(folder.iterdir())) == 10


def test_results_in_a_read_only_folder_are_read(monkeypatch):
    keep_result("a" * 64, b"compiled")
    monkeypatch.setattr(os, "utime", lambda *_: (_ for _ in ()).throw(PermissionError()))
    assert fetch_result("a" * 64) == b"compiled"


def test_results_are_measured_and_cleared():
    keep_result("a" * 64, b"x" * 1000)
    assert measure_results() == 1032
    clear_results()
    assert measure_results() == 0


def test_without_a_writable_folder_nothing_is_kept(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "file"))
    keep_result("a" * 64, b"x")
    assert fetch_result("a" * 64) is None
    assert measure_results() == 0


def test_all_results_are_forgotten_and_networks_of_others_stay(folder):
    keep_result("a" * 64, b"compiled")
    keep_result("b" * 64, b"heat map")
    keep_result("c" * 64, b"network", BACKBONES)
    removal = forget_results()
    assert (removal.n_items, removal.n_bytes) == (2, 2 * 32 + 16)
    assert list(folder.iterdir()) == []
    assert fetch_result("c" * 64, BACKBONES) == b"network"
