"""Files are complete or absent, stay within the limit, and may be used by several processes at once."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from headstart.errors import CacheError
from headstart.features import activation_files
from headstart.features.activation_files import (
    FOLDER,
    SILENT_S,
    clear_activations,
    extend_checksum,
    forget_activations,
    measure_activations,
    open_activation_file,
    write_activation_file,
)

SHAPE = (2, 3, 5)
N_BYTES = 60  # in float16


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    folder = tmp_path / FOLDER
    folder.mkdir()
    return folder


@pytest.fixture
def no_locks(monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(fcntl, "flock", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOLCK, "No locks available")))


def fill(array):
    array[...] = np.arange(30).reshape(SHAPE)
    return [extend_checksum(0, view) for view in array]


def write(path, limit_bytes=1000, fill=fill):
    return write_activation_file(path, SHAPE, np.float16, limit_bytes, fill)


def list_names(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".json")


def test_a_written_file_is_opened_read_only(folder):
    written = write(folder / "a")
    opened = open_activation_file(folder / "a", SHAPE, np.float16)
    for array in (written, opened):
        np.testing.assert_array_equal(array.ravel(), np.arange(30))
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    assert list_names(folder) == ["a"]


@pytest.mark.parametrize("note", ["", "7", "{}", '{"checksums": [1, 2]}', '{"checksum": 1}'])
def test_a_file_with_a_wrong_note_counts_as_missing(folder, note):
    write(folder / "a")
    (folder / "a.json").write_text(note)
    assert open_activation_file(folder / "a", SHAPE, np.float16) is None


def test_a_file_of_another_length_counts_as_missing(folder):
    write(folder / "a")
    (folder / "a").write_bytes(b"short")
    assert open_activation_file(folder / "a", SHAPE, np.float16) is None


def test_an_interrupted_file_is_deleted(folder):
    with pytest.raises(ZeroDivisionError, match="by zero"):
        write(folder / "a", fill=lambda _: 1 / 0)
    assert list(folder.iterdir()) == []


def test_files_not_used_for_longest_are_deleted_first(folder):
    for number, name in enumerate("abc"):
        write(folder / name)
        os.utime(folder / name, (number, number))
    open_activation_file(folder / "a", SHAPE, np.float16)
    write(folder / "d", limit_bytes=3 * N_BYTES)
    assert list_names(folder) == ["a", "c", "d"]
    assert not (folder / "b.json").exists()


def test_a_file_that_another_process_deletes_first_is_no_error(folder, monkeypatch):
    write(folder / "a")
    iterdir = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda folder: [folder / "gone", folder / "gone.partial-1", *iterdir(folder)])
    write(folder / "b", limit_bytes=N_BYTES)
    monkeypatch.setattr(activation_files, "list_files", lambda name: [(folder / "gone", folder.stat())])
    write(folder / "c", limit_bytes=N_BYTES)
    clear_activations()


def test_the_file_of_a_killed_process_is_deleted_by_the_next_one(folder):
    script = (
        "import sys; from pathlib import Path; from headstart.features import activation_files as files\n"
        "fill = lambda _: (print('here', flush=True), input())\n"
        "files.write_activation_file(Path(sys.argv[1]), (2, 3, 5), 'f2', 1000, fill)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, folder / "a"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        process.stdout.readline()
        (left,) = folder.iterdir()
        os.utime(left, (0, 0))  # a writer that was suspended for long is still alive
        clear_activations()
        with pytest.raises(CacheError, match=r"got 0\.1 kB that other trainings are writing, need at most 0\.1 kB"):
            write(folder / "b", limit_bytes=100)
        write(folder / "c", limit_bytes=2 * N_BYTES)
        write(folder / "d", limit_bytes=2 * N_BYTES)  # leaves room for one file besides the one being written
        assert list_names(folder) == [left.name, "d"] if left.name < "d" else ["d", left.name]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdin.close()
        process.stdout.close()
    write(folder / "b", limit_bytes=N_BYTES)
    assert list_names(folder) == ["b"]


@pytest.mark.usefixtures("no_locks")
def test_without_locks_the_time_of_the_last_write_decides(folder):
    for name, age_s in (("a.partial-otherhost-1", SILENT_S + 60), ("b.partial-otherhost-1", 60)):
        (folder / name).write_bytes(bytes(70))
        os.utime(folder / name, (time.time() - age_s,) * 2)
    write(folder / "c")
    assert list_names(folder) == ["b.partial-otherhost-1", "c"]
    with pytest.raises(CacheError, match="other trainings are writing"):
        write(folder / "d", limit_bytes=100)
    clear_activations()
    assert measure_activations() == 70


def test_the_file_of_a_dead_process_is_deleted_with_its_note(folder):
    for name in ("a.partial-gone-999999999", "a.partial-gone-999999999.json", "b.partial-1f.json"):
        (folder / name).write_bytes(b"1")
    write(folder / "c")
    assert sorted(path.name for path in folder.iterdir()) == ["c", "c.json"]


def test_a_file_system_that_cannot_reserve_space_is_used(folder, monkeypatch):
    monkeypatch.setattr(os, "posix_fallocate", lambda *_: (_ for _ in ()).throw(OSError(errno.EOPNOTSUPP, "no")))
    write(folder / "a")
    assert open_activation_file(folder / "a", SHAPE, np.float16) is not None


def test_a_full_disk_is_an_error_with_advice(folder, monkeypatch):
    monkeypatch.setattr(os, "posix_fallocate", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space")))
    with pytest.raises(CacheError, match=r"Cannot keep 0\.1 kB of activations: No space\. Make room.*HEADSTART_CACHE"):
        write(folder / "a")
    assert list(folder.iterdir()) == []


def write_of(path, *digests):
    return write_activation_file(path, SHAPE, np.float16, 1000, fill, digests)


def test_files_with_a_forgotten_photo_are_deleted(folder):
    write_of(folder / "a", "d1", "d2")
    write_of(folder / "b", "d3")
    removal = forget_activations(["d2", "d9"])
    assert list_names(folder) == ["b"]
    assert (removal.n_items, removal.n_bytes, removal.problems) == (1, N_BYTES, [])
    assert not (folder / "a.json").exists()
    assert open_activation_file(folder / "b", SHAPE, np.float16) is not None


@pytest.mark.parametrize("note", ["", "7", '{"checksums": [1, 2]}', '{"checksums": [1], "photos": null}'])
def test_a_file_that_does_not_say_which_photos_it_holds_is_deleted(folder, note):
    write(folder / "a")
    (folder / "a.json").write_text(note)
    assert forget_activations(["d2"]).n_items == 1
    assert list_names(folder) == []


def test_a_file_that_is_being_written_is_a_problem_and_stays(folder):
    pytest.importorskip("fcntl")
    problems = []

    def fill_and_forget(array):
        problems.extend(forget_activations(["d1"]).problems)
        return fill(array)

    write(folder / "a", fill=fill_and_forget)
    assert problems == ["a training is writing activations"]
    assert open_activation_file(folder / "a", SHAPE, np.float16) is not None


def test_what_a_killed_training_left_is_deleted(folder):
    (folder / "a.partial-1234").write_bytes(b"left")
    assert forget_activations(["d1"]).n_items == 1
    assert list_names(folder) == []
