"""Stores of other versions are found by their names, and nothing else is deleted."""

import sqlite3

import pytest

from headstart.storage.other_layouts import delete_other_layouts, list_other_layouts, measure_other_layouts

CURRENT = {"features-2.sqlite", "activations-1"}
OTHER = ["activations-9", "digests-1.sqlite", "features-1.sqlite", "features-2.sqlite.broken-17"]
KEPT = [
    "backbones-1", "features-2.sqlite", "features-2.sqlite-wal", "features-2.sqlite.foreign-17", "mine-1", "notes.txt",
]  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    for name in [*OTHER, *KEPT, "features-1.sqlite-wal", "tuning-3.sqlite-shm"]:
        if "." in name:
            (tmp_path / name).write_bytes(b"12345")
        else:
            (tmp_path / name).mkdir()
            (tmp_path / name / "one").write_bytes(b"12345")
    return tmp_path


def test_other_layouts_are_listed_and_measured(folder):
    assert [path.name for path in list_other_layouts(CURRENT)] == [*OTHER, "tuning-3.sqlite-shm"]
    assert measure_other_layouts(CURRENT) == 6 * 5


def test_they_are_deleted_with_their_side_files(folder):
    removal = delete_other_layouts(CURRENT)
    assert removal.n_items in (5, 6)  # SQLite itself may have deleted a log, when it was asked who has the file open
    assert removal.problems == []
    assert sorted(path.name for path in folder.iterdir()) == KEPT


def test_one_that_another_version_has_open_stays(folder):
    path = folder / "features-1.sqlite"
    path.unlink()
    (folder / "features-1.sqlite-wal").unlink()
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("CREATE TABLE rows (x)")
    removal = delete_other_layouts(CURRENT)
    assert removal.problems == ["another version of headstart has 'features-1.sqlite' open"]
    other.execute("INSERT INTO rows VALUES (1)")
    other.close()
    assert path.exists()
    assert delete_other_layouts(CURRENT).problems == []
    assert not path.exists()


def test_without_a_cache_there_are_none(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "missing"))
    assert list_other_layouts(CURRENT) == []
    assert delete_other_layouts(CURRENT).n_items == 0
