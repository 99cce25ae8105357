"""What is written is read again, and what is not whole is nothing."""

import numpy as np

from headstart.tune.checkpoint import FOLDER, Checkpoint


def test_arrays_and_record_come_back():
    checkpoint = Checkpoint("one")
    checkpoint.save({"a/b": np.arange(3)}, {"epoch": 2})
    arrays, record = Checkpoint("one").load()
    assert arrays["a/b"].tolist() == [0, 1, 2]
    assert record == {"epoch": 2}
    checkpoint.delete()
    assert checkpoint.load() is None


def test_a_damaged_file_is_nothing(cache_folder):
    checkpoint = Checkpoint("two")
    checkpoint.save({"a": np.arange(1000)}, {})
    path = cache_folder / FOLDER / "two.npz"
    path.write_bytes(path.read_bytes()[:-200])
    assert checkpoint.load() is None
    path.write_bytes(b"nonsense")
    assert checkpoint.load() is None


def test_without_a_name_nothing_is_kept():
    checkpoint = Checkpoint(None)
    checkpoint.save({"a": np.arange(3)}, {})
    assert checkpoint.load() is None


def test_a_place_that_cannot_be_written_costs_the_checkpoint_alone(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "file"))
    Checkpoint("three").save({"a": np.arange(3)}, {})
    assert Checkpoint("three").load() is None
