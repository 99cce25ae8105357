"""What is written is read again, and what is not whole is nothing."""

import os

import numpy as np
import pytest

from headstart.tune.checkpoint import FOLDER, Checkpoint, clear_checkpoints, measure_checkpoints


def test_arrays_and_record_come_back():
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
def test_a_damaged_file_is_nothing_and_goes(saved, damage):
    checkpoint, path = saved
    path.write_bytes(damage)
    assert checkpoint.load() is None
    assert not path.exists()


def test_a_cut_off_file_is_nothing(saved):
    checkpoint, path = saved
    data = path.read_bytes()
    for n_bytes in range(0, len(data), 7):
        path.write_bytes(data[:n_bytes])
        assert checkpoint.load() is None


@pytest.mark.parametrize("mask", [0x01, 0x08, 0xFF])
def test_a_flipped_byte_never_changes_what_is_read(saved, mask):
    checkpoint, path = saved
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :])
        found = checkpoint.load()
        if found is not None:  # it was one of those that mean nothing, such as the time
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


def test_what_nobody_came_back_for_goes(saved):
    _, path = saved
    os.utime(path, (0, 0))
    Checkpoint("other")
    assert not path.exists()


def test_without_a_name_nothing_is_kept():
    checkpoint = Checkpoint(None)
    checkpoint.save({"a": np.arange(3)}, {})
    assert checkpoint.load() is None


def test_a_place_that_cannot_be_written_costs_the_checkpoint_alone(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "file"))
    Checkpoint("three").save({"a": np.arange(3)}, {})
    assert Checkpoint("three").load() is None
