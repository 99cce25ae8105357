"""One process or thread at a time holds a lock; a killed holder, or a file that it left, stops nobody."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headstart.storage import file_locks
from headstart.storage.file_locks import hold_lock, release_lock, try_lock

pytest.importorskip("fcntl")

HOLD = """
import sys
from pathlib import Path
from headstart.storage.file_locks import try_lock
kept = try_lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_has_one_holder_and_its_file_is_deleted(tmp_path):
    path = tmp_path / "lock"
    held = try_lock(path)
    with pytest.raises(BlockingIOError, match=f"^process {os.getpid()} on "):
        try_lock(path)
    release_lock(held, path)
    assert not path.exists()
    release_lock(try_lock(path), path)


def test_the_lock_of_a_killed_process_is_free_and_its_file_is_used_again(tmp_path):
    path = tmp_path / "lock"
    process = subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    with pytest.raises(BlockingIOError, match=f"^process {process.pid} on "):
        try_lock(path)
    process.kill()
    process.communicate()
    assert path.exists()
    release_lock(try_lock(path), path)
    assert not path.exists()


def test_those_who_wait_work_one_after_the_other(tmp_path):
    path, n_inside, most, waited = tmp_path / "new" / "lock", [0], [0], []

    def work(number):
        with hold_lock(path, waited.append):
            n_inside[0] += 1
            most[0] = max(most[0], n_inside[0])
            (tmp_path / str(number)).touch()  # another thread may run meanwhile
            n_inside[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert most == [1]
    assert not path.exists()


def test_a_holder_that_ends_lets_the_next_one_in_and_is_named(tmp_path):
    path, waited = tmp_path / "lock", []
    held = try_lock(path)

    def say(holder):
        waited.append(holder)
        release_lock(held, path)

    with hold_lock(path, say):
        assert path.exists()
    assert waited[0].startswith("process ")


def test_without_locks_everybody_goes_on(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(95, "not supported")

    monkeypatch.setattr(file_locks, "lock_file", fail)
    with hold_lock(tmp_path / "lock", pytest.fail), hold_lock(tmp_path / "lock", pytest.fail):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_whose_number_changes_is_tried_only_for_a_while(tmp_path, monkeypatch):
    monkeypatch.setattr(file_locks, "_is_at", lambda *_: False)
    try_lock(tmp_path / "lock").close()


def test_a_lock_that_cannot_be_made_is_an_error(tmp_path):
    Path(tmp_path / "file").touch()
    with pytest.raises(OSError, match="Not a directory"):
        try_lock(tmp_path / "file" / "lock")
