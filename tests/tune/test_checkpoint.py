"""A checkpoint is read as it was written; a damaged file counts as none."""

import os

import numpy as np
import pytest

from headstart.tune.checkpoint import FOLDER, Checkpoint, clear_checkpoints, forget_checkpoints, measure_checkpoints


def test_arrays_and_record_are_read_as_written():
    checkpoint = Checkpoint("one")
    checkpoint.save({"a/b": np.arange(3)}, {"epoch": 2})
    arrays, record = Checkpoint("one").load()
    assert arrays["a/b"].tolist() == [0, 1, 2]
    assert record == {"epoch": 2}
    checkpoint.delete()
    assert checkpoint.load() is None


@pytest.fixture
def saved(cache_folder):
    """A checkpoint that was saved, and its file."""
    checkpoint = Checkpoint("two")
    checkpoint.save({"a": np.arange(5)}, {"epoch": 2})
    return checkpoint, cache_folder / FOLDER / "two.npz"


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"PK", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"\x93NUMPY"])
def test_a_damaged_file_is_ignored_and_deleted(saved, damage):
    checkpoint, path = saved
    path.write_bytes(damage)
    assert checkpoint.load() is None
    assert not path.exists()


def test_a_truncated_file_is_ignored(saved):
    checkpoint, path = saved
    data = path.read_bytes()
    for n_bytes in range(0, len(data), 7):
        path.write_bytes(data[:n_bytes])
        assert checkpoint.load() is None


@pytest.mark.parametrize("mask", [0x01, 0x08, 0xFF])
def test_a_flipped_byte_never_changes_the_content(saved, mask):
    checkpoint, path = saved
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :])
        found = checkpoint.load()
        if found is not None:  # the byte has no meaning for the content, such as the time
            assert found[0].keys() == {"a"}
            np.testing.assert_array_equal(found[0]["a"], np.arange(5))
            assert found[1] == {"epoch": 2}


def test_a_file_is_on_disk_before_it_has_its_name(saved, monkeypatch):
    checkpoint, _ = saved
    seen = []
    monkeypatch.setattr("os.fsync", lambda _: seen.append(checkpoint.load()[1]["epoch"]))
    checkpoint.save({"a": np.arange(5)}, {"epoch": 3})
    assert seen == [2]
    assert checkpoint.load()[1]["epoch"] == 3


def test_size_and_clearing(saved, cache_folder):
    checkpoint, path = saved
    (path.parent / ".one.npz.partial-1").write_bytes(b"12345")  # of a killed process
    assert measure_checkpoints() >= path.stat().st_size + 5
    clear_checkpoints()
    assert measure_checkpoints() == 0
    assert checkpoint.load() is None


def test_old_checkpoints_are_deleted(saved):
    _, path = saved
    os.utime(path, (0, 0))
    Checkpoint("other")
    assert not path.exists()


def test_without_a_name_no_file_is_written():
    checkpoint = Checkpoint(None)
    checkpoint.save({"a": np.arange(3)}, {})
    assert checkpoint.load() is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "file"))
    Checkpoint("three").save({"a": np.arange(3)}, {})
    assert Checkpoint("three").load() is None


def test_a_second_training_of_the_same_name_neither_reads_nor_writes_nor_deletes_the_checkpoint(cache_folder):
    pytest.importorskip("fcntl")
    said = []
    with Checkpoint("one").hold(said.append) as first:
        first.save({"a": np.arange(3)}, {"epoch": 1})
        with Checkpoint("one").hold(said.append) as second:
            assert second.load() is None
            second.save({"a": np.arange(9)}, {"epoch": 9})
            second.delete()
        Checkpoint("one").delete()  # as at the end of the second training
        assert first.load()[1] == {"epoch": 1}
    assert len(said) == 1
    assert f"is running (process {os.getpid()} on " in said[0]
    with Checkpoint("one").hold(said.append) as third:
        assert third.load()[1] == {"epoch": 1}
    third.delete()
    assert list((cache_folder / FOLDER).iterdir()) == []


def test_a_damaged_checkpoint_is_deleted_while_it_is_held(cache_folder):
    with Checkpoint("one").hold(pytest.fail) as held:
        path = cache_folder / FOLDER / "one.npz"
        path.write_bytes(b"nonsense")
        assert held.load() is None
        assert not path.exists()


def test_old_locks_of_killed_trainings_are_deleted_and_held_ones_kept(cache_folder):
    pytest.importorskip("fcntl")
    left = cache_folder / FOLDER / "left.lock"
    with Checkpoint("long").hold(pytest.fail):
        left.touch()
        for path in left.parent.iterdir():
            os.utime(path, (0, 0))
        Checkpoint("other")
        assert [path.name for path in left.parent.iterdir()] == ["long.lock"]


def test_a_cache_that_cannot_be_written_stops_no_training(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "file"))
    with Checkpoint("one").hold(pytest.fail) as held:
        held.save({"a": np.arange(3)}, {})
        assert held.load() is None


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    return tmp_path / FOLDER


def save(name, digests=None):
    checkpoint = Checkpoint(name, digests)
    checkpoint.save({"a": np.arange(3)}, {"epoch": 1})
    return checkpoint


def test_checkpoints_of_trainings_on_forgotten_photos_are_deleted(own_folder):
    kept, gone, unknown = save("one", ["d1"]), save("two", ["d1", "d2"]), save("three")
    removal = forget_checkpoints(["d2"])
    assert (removal.n_items, removal.problems) == (2, [])
    assert gone.load() is None
    assert unknown.load() is None
    arrays, record = kept.load()
    assert arrays.keys() == {"a"}
    assert record == {"epoch": 1}
    assert [path.name for path in own_folder.iterdir()] == ["one.npz"]


def test_the_checkpoint_of_a_running_training_is_a_problem_and_stays(own_folder):
    pytest.importorskip("fcntl")
    other = save("other", ["d1"])
    with Checkpoint("one", ["d2"]).hold(pytest.fail) as held:
        assert len(forget_checkpoints(["d2"]).problems) == 1  # nothing is saved yet: it may be of any photos
        held.save({"a": np.arange(3)}, {})
        (problem,) = forget_checkpoints(["d2"]).problems
        assert problem.startswith("a training above a cut is running (process ")
        assert forget_checkpoints(["d3"]).problems == []
        assert held.load() is not None
    assert forget_checkpoints(["d2"]).n_items == 1
    assert other.load() is not None


def test_what_killed_trainings_left_is_deleted(own_folder):
    save("one", ["d1"])
    (own_folder / ".one.npz.partial-12ab").write_bytes(b"left")
    (own_folder / "two.lock").write_bytes(b"")
    assert forget_checkpoints(["d2"]).n_items == 1
    assert [path.name for path in own_folder.iterdir()] == ["one.npz"]
