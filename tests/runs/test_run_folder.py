"""A run folder is complete, or it does not exist."""

import contextlib
import os
import platform
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from headstart.errors import RunError
from headstart.runs.run_folder import AUDIT, check_outside, choose_folder, drop_number, name_source, write_run_folder
from headstart.storage import partial_folders

RUN = '{"schema": 1, "headstart": "0.1.0"}'


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_folder_appears_complete(tmp_path):
    with write_run_folder(tmp_path / "run") as partial:
        (partial / "metrics.json").write_text(RUN)
        assert list_names(tmp_path) == [partial.name]
        assert partial.name.startswith(".run.partial-")
    assert list_names(tmp_path) == ["run"]
    assert list_names(tmp_path / "run") == ["metrics.json"]


def test_an_error_leaves_no_folder(tmp_path):
    with pytest.raises(ZeroDivisionError, match="on purpose"), write_run_folder(tmp_path / "run") as partial:  # noqa: PT012
        (partial / "metrics.json").write_text("{}")
        raise ZeroDivisionError("on purpose")
    assert list_names(tmp_path) == []


def test_an_existing_run_is_replaced_only_on_request(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.json").write_text(RUN)
    with pytest.raises(RunError, match=r"exists already\. Give --overwrite"), write_run_folder(tmp_path / "run"):
        pass
    assert (tmp_path / "run" / "metrics.json").read_text() == RUN
    with write_run_folder(tmp_path / "run", is_replacing=True) as partial:
        (partial / "metrics.json").write_text("new")
        assert (tmp_path / "run" / "metrics.json").read_text() == RUN
    assert (tmp_path / "run" / "metrics.json").read_text() == "new"
    assert list_names(tmp_path) == ["run"]


@pytest.mark.parametrize("metrics", [None, "{}", RUN])
def test_a_folder_that_is_not_a_run_is_never_replaced(tmp_path, metrics):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "precious.jpg").write_text("!")
    if metrics is not None:
        (tmp_path / "photos" / "metrics.json").write_text(metrics)
    with (
        pytest.raises(RunError, match="other files than those of a run"),
        write_run_folder(tmp_path / "photos", is_replacing=True),
    ):
        pass
    assert (tmp_path / "photos" / "precious.jpg").read_text() == "!"


def test_a_folder_that_appears_meanwhile_and_the_run_are_both_kept(tmp_path):
    def train():
        with write_run_folder(tmp_path / "run") as partial:
            (partial / "metrics.json").write_text(RUN)
            (tmp_path / "run").mkdir()
            (tmp_path / "run" / "precious.txt").write_text("!")

    with pytest.raises(RunError, match=r"meanwhile\. The run is kept as '.*run-2'"):
        train()
    assert (tmp_path / "run" / "precious.txt").read_text() == "!"
    assert (tmp_path / "run-2" / "metrics.json").read_text() == RUN


def test_a_failed_rename_restores_the_old_run(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.json").write_text(RUN)
    rename = Path.rename

    def fail_once(self, target):
        if ".partial-" in self.name:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_once)
    with pytest.raises(RunError, match="Input/output"), write_run_folder(tmp_path / "run", is_replacing=True):
        pass
    assert (tmp_path / "run" / "metrics.json").read_text() == RUN
    assert list_names(tmp_path) == ["run"]


def test_a_run_inside_the_photos_is_refused(tmp_path):
    (tmp_path / "pets").mkdir()
    with pytest.raises(RunError, match="inside the folder of photos"):
        check_outside(tmp_path / "pets" / "run", str(tmp_path / "pets"))
    check_outside(tmp_path / "run", str(tmp_path / "pets"))


def test_a_path_that_cannot_be_written_is_refused_before_the_work(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="Choose another --out"), write_run_folder(tmp_path / "file" / "run"):
        pytest.fail("the work was begun")


def test_a_stop_just_after_mkdir_leaves_no_folder(tmp_path, monkeypatch):
    make = Path.mkdir

    def make_and_die(self, *told, **more):
        make(self, *told, **more)
        if ".partial-" in self.name:
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "mkdir", make_and_die)
    with pytest.raises(KeyboardInterrupt), write_run_folder(tmp_path / "run"):
        pytest.fail("the work was begun")
    assert list_names(tmp_path) == []


def test_two_trainings_of_one_process_cannot_write_the_same_run(tmp_path):
    with write_run_folder(tmp_path / "run") as partial:
        with (
            pytest.raises(RunError, match=r"another training is writing it\. Choose another --out"),
            write_run_folder(tmp_path / "run"),
        ):
            pytest.fail("the work was begun")
        assert partial.exists()
    assert list_names(tmp_path) == ["run"]


def test_only_one_of_two_simultaneous_threads_writes(tmp_path, monkeypatch):
    both = threading.Barrier(2, timeout=10)
    find, ended = partial_folders._find_partial_folders, []

    def wait_for_the_other(folder):
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.5)
        return find(folder)

    def write():
        try:
            with write_run_folder(tmp_path / "run") as partial:
                time.sleep(0.2)
                (partial / "model.onnx").touch()
            ended.append("written")
        except RunError:
            ended.append("refused")

    monkeypatch.setattr(partial_folders, "_find_partial_folders", wait_for_the_other)
    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["refused", "written"]
    assert (tmp_path / "run" / "model.onnx").exists()


def test_folders_of_killed_runs_are_removed_and_active_ones_kept(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = tmp_path / f".run.partial-{platform.node()}-{ended.pid}"
    alive = tmp_path / f".run.partial-{platform.node()}-{os.getppid()}"
    dead.mkdir()
    alive.mkdir()
    with write_run_folder(tmp_path / "run"):
        pass
    assert list_names(tmp_path) == [alive.name, "run"]


def test_default_names_are_numbered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert choose_folder("some/pets/") == Path("runs/pets")
    Path("runs/pets").mkdir(parents=True)
    Path("runs/pets-2").mkdir()
    assert choose_folder("pets") == Path("runs/pets-3")
    Path("cells.csv").touch()
    assert choose_folder("cells.csv") == Path("runs/cells")
    Path("pets.2024").mkdir()
    assert choose_folder("pets.2024") == Path("runs/pets.2024")


def test_a_name_that_an_active_run_is_writing_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with write_run_folder(Path("runs/pets")):
        assert choose_folder("pets") == Path("runs/pets-2")


@pytest.mark.parametrize(("working", "source"), [("pets", "."), ("pets/cats", ".."), ("pets", "../pets")])
def test_training_from_inside_the_photos_puts_the_run_into_the_working_folder(tmp_path, monkeypatch, working, source):
    (tmp_path / "pets" / "cats").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / working)
    folder = choose_folder(source)
    assert folder == Path("runs/pets")
    check_outside(folder, source)
    with pytest.raises(RunError, match="inside the folder of photos"):
        check_outside(Path("cats/run"), source)


def test_the_root_of_the_disk_has_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert choose_folder("/") == Path("runs/run")


def test_a_leftover_with_the_id_of_this_process_is_removed(tmp_path):
    (tmp_path / f".run.partial-{platform.node()}-{os.getpid()}").mkdir()
    with write_run_folder(tmp_path / "run"):
        pass
    assert list_names(tmp_path) == ["run"]


def test_files_of_a_file_manager_do_not_prevent_replacing_a_run(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.json").write_text(RUN)
    (tmp_path / "run" / ".DS_Store").touch()
    with write_run_folder(tmp_path / "run", is_replacing=True):
        pass
    assert list_names(tmp_path / "run") == []


def test_ctrl_c_between_the_renames_restores_the_old_run(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.json").write_text(RUN)
    rename = Path.rename

    def interrupt(self, target):
        if ".partial-" in self.name:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupt)
    with pytest.raises(KeyboardInterrupt), write_run_folder(tmp_path / "run", is_replacing=True):
        pass
    assert list_names(tmp_path) == ["run"]


def test_a_run_without_a_source_can_be_written_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_outside(Path("x"), "")
    assert choose_folder("") == Path("runs/run")


def test_an_audit_has_a_folder_of_its_own_kind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert choose_folder("pets", AUDIT) == Path("audits/pets")
    assert (name_source("pets"), name_source("", AUDIT)) == ("pets", "audit")


def test_a_run_of_several_sources_has_the_names_of_all_or_their_number(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("more.csv").touch()
    assert choose_folder(["pets/", "more.csv"]) == Path("runs/pets+more")
    assert choose_folder(["pets", "a", "b", "more.csv"]) == Path("runs/pets+3")
    assert choose_folder(["pets"]) == Path("runs/pets")
    Path("pets").mkdir()
    monkeypatch.chdir("pets")
    check_outside(Path("audits/pets"), ".", what="audit")
    with pytest.raises(RunError, match=r"Cannot write audit 'cats/a': it lies inside the folder of photos '\.'"):
        check_outside(Path("cats/a"), ".", what="audit")
    with write_run_folder(Path("audits/pets"), kind=AUDIT) as partial:
        (partial / "audit.json").write_text(RUN)
    with (
        pytest.raises(RunError, match=r"Cannot write audit '.*audits/pets': it exists already\. Give --overwrite"),
        write_run_folder(Path("audits/pets"), kind=AUDIT),
    ):
        pass
    with (
        pytest.raises(RunError, match="a folder with other files than those of a run"),
        write_run_folder(Path("audits/pets"), is_replacing=True),
    ):
        pass
    with write_run_folder(Path("audits/pets"), is_replacing=True, kind=AUDIT):
        pass
    assert list_names(Path("audits/pets")) == []


def test_the_number_of_a_name_is_dropped_if_there_is_a_run_without_it(tmp_path):
    for name in ("pets", "pets-3", "coins-2020"):
        (tmp_path / name).mkdir()
    dropped = [drop_number(tmp_path / name).name for name in ("pets", "pets-3", "coins-2020")]
    assert dropped == ["pets", "pets", "coins-2020"]
