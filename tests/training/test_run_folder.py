"""A run folder is whole or it is not there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from headstart.errors import RunError
from headstart.training.run_folder import choose_folder, write_run_folder


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_appears_whole(tmp_path):
    with write_run_folder(tmp_path / "run") as partial:
        (partial / "metrics.json").write_text("{}")
        assert list_names(tmp_path) == [partial.name]
        assert partial.name.startswith(".run.partial-")
    assert list_names(tmp_path) == ["run"]
    assert list_names(tmp_path / "run") == ["metrics.json"]


def test_an_error_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), write_run_folder(tmp_path / "run") as partial:  # noqa: PT012
        (partial / "metrics.json").write_text("{}")
        raise ZeroDivisionError
    assert list_names(tmp_path) == []


def test_an_existing_run_is_kept_unless_told(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.json").write_text("old")
    with pytest.raises(RunError, match=r"exists already\. Give --overwrite"), write_run_folder(tmp_path / "run"):
        pass
    assert (tmp_path / "run" / "metrics.json").read_text() == "old"
    with write_run_folder(tmp_path / "run", is_replacing=True) as partial:
        (partial / "metrics.json").write_text("new")
        assert (tmp_path / "run" / "metrics.json").read_text() == "old"
    assert (tmp_path / "run" / "metrics.json").read_text() == "new"
    assert list_names(tmp_path) == ["run"]


def test_a_folder_that_is_no_run_is_never_replaced(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "precious.jpg").write_text("!")
    with pytest.raises(RunError, match="no run folder"), write_run_folder(tmp_path / "photos", is_replacing=True):
        pass
    assert list_names(tmp_path / "photos") == ["precious.jpg"]


def test_a_place_that_cannot_be_written_is_found_out_at_once(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="Choose another --out"), write_run_folder(tmp_path / "file" / "run"):
        pytest.fail("the work was begun")


def test_leftovers_of_killed_runs_are_removed_and_living_ones_kept(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = tmp_path / f".run.partial-{ended.pid}"
    alive = tmp_path / f".run.partial-{os.getppid()}"
    dead.mkdir()
    alive.mkdir()
    with write_run_folder(tmp_path / "run"):
        pass
    assert list_names(tmp_path) == [alive.name, "run"]


def test_default_names_count_up(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert choose_folder("some/pets/") == Path("runs/pets")
    Path("runs/pets").mkdir(parents=True)
    Path("runs/pets-2").mkdir()
    assert choose_folder("pets") == Path("runs/pets-3")
    assert choose_folder("cells.csv") == Path("runs/cells")
