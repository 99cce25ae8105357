"""What Ray leaves in the cache is removed, unless a training may still use it."""

import os

import pytest

from headstart.scale.ray_output import LOG_NAME
from headstart.scale.ray_removal import SILENT_S, forget_ray_files
from headstart.scale.ray_training import FOLDER


@pytest.fixture
def left(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    folder = tmp_path / FOLDER / "1f"
    folder.mkdir(parents=True)
    (folder / "trainer.pkl").write_bytes(b"paths")
    (tmp_path / LOG_NAME).write_bytes(b"log")
    return folder


def test_the_log_and_what_killed_trainings_left_is_deleted(left):
    for path in (left, left / "trainer.pkl"):
        old = path.stat().st_mtime - SILENT_S - 10
        os.utime(path, (old, old))
    removal = forget_ray_files()
    assert (removal.n_items, removal.n_bytes, removal.problems) == (2, 8, [])
    assert not left.exists()


def test_files_of_a_running_training_are_a_problem_and_stay(left):
    removal = forget_ray_files()
    assert removal.problems == ["a training on Ray may be running"]
    assert (left / "trainer.pkl").exists()


def test_without_ray_there_is_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    assert forget_ray_files().n_items == 0
