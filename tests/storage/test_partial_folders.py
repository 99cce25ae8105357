"""A temporary folder is deleted at the end; folders of killed processes by the next writer, those of others never."""

import os
import platform
import subprocess
import sys

import pytest

from headstart.storage.partial_folders import is_being_written, make_partial_folder


def test_the_folder_is_deleted_at_the_end_and_after_an_error(tmp_path):
    target = tmp_path / "model.onnx"
    with make_partial_folder(target) as folder:
        (folder / "half").touch()
        assert folder.parent == tmp_path
        assert is_being_written(target)
    with pytest.raises(KeyboardInterrupt), make_partial_folder(target):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_second_thread_is_refused(tmp_path):
    with make_partial_folder(tmp_path / "a"):
        with (
            pytest.raises(BlockingIOError, match="another thread"),
            make_partial_folder(tmp_path / "x" / ".." / "a"),
        ):
            pytest.fail("the work was begun")
        with make_partial_folder(tmp_path / "b"):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="processes cannot be asked there")
def test_only_folders_of_killed_processes_and_of_this_target_are_deleted(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, others = f".model.onnx.partial-{platform.node()}-{ended.pid}", [
        f".model.onnx.partial-{platform.node()}-{os.getppid()}",
        f".model.onnx.partial-elsewhere-{ended.pid}",
        f".model.xml.partial-{platform.node()}-{ended.pid}",
        ".model.onnx.partial-mine",
    ]  # fmt: skip
    for name in (dead, *others):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").touch()
    with make_partial_folder(tmp_path / "model.onnx"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)
