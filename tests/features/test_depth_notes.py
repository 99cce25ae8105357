"""A note tells if 16-bit photos are dark because of their depth, and what to do."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.catalog.photo import Photo
from headstart.features import depth_notes
from headstart.features.depth_notes import list_depth_notes, note_unused_depth


def make_photo(path: Path, digest: str = "") -> Photo:
    return Photo(str(path), "dots", digest=digest, split="train")


@pytest.fixture
def write(tmp_path):
    def write(*brightest: int, suffix: str = ".png", dtype: type = np.uint16) -> list[Photo]:
        files = []
        for n, value in enumerate(brightest):
            files.append(make_photo(tmp_path / f"{n}{suffix}"))
            Image.fromarray(np.linspace(0, value, 64).astype(dtype).reshape(8, 8)).save(files[-1].path)
        return files

    return write


@pytest.mark.parametrize("suffix", [".png", ".tif", ".TIFF"])
def test_dark_photos_get_a_note_with_their_depth(write, suffix):
    (note,) = list_depth_notes(write(3000, 4095, 100, suffix=suffix), 16)
    assert (note.code, note.severity) == ("depth", "warning")
    assert "brightest value of 3 sampled photos with 16 bits a sample is 4,095, where white is 65,535" in note.text
    assert "train with --depth 12" in note.text


@pytest.mark.parametrize(("brightest", "depth"), [(1023, 10), (255, 8), (40, 8), (16_383, 14)])
def test_the_depth_of_the_note_fits_the_brightest_value(write, brightest, depth):
    assert f"--depth {depth}." in list_depth_notes(write(brightest), 16)[0].text


def test_one_bright_photo_is_enough_for_no_note(write):
    assert list_depth_notes(write(500, 500, 16_384, 500), 16) == []
    assert list_depth_notes(write(4095, 300), 12) == []


def test_values_above_the_given_depth_get_a_note(write):
    (note,) = list_depth_notes(write(4000, 9000), 12)
    assert "is 9,000, above 4,095, the white of a depth of 12 bits" in note.text
    assert "--depth 14" in note.text


def test_photos_in_a_shard_get_a_note(write, tmp_path):
    with tarfile.open(tmp_path / "shard.tar", "w") as shard:
        files = write(4095, 2000)
        for file in files:
            shard.add(file.path, file.path.name)
    inside = [make_photo(tmp_path / "shard.tar" / file.path.name) for file in files]
    assert list_depth_notes(inside, 16) == list_depth_notes(files, 16) != []


def test_other_photos_give_no_note_and_are_not_decoded(write, monkeypatch):
    monkeypatch.setattr(depth_notes, "measure_brightest", lambda _: pytest.fail("decoded"))
    assert list_depth_notes(write(9, 9, dtype=np.uint8), 16) == []
    assert list_depth_notes(write(9, 9, dtype=np.uint8, suffix=".jpg"), 16) == []
    assert list_depth_notes([], 16) == []
    assert list_depth_notes([make_photo(Path("missing.png"))], 16) == []


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_a_depth_that_no_photo_needs_is_told(write, suffix):
    files = write(9, 9, dtype=np.uint8, suffix=suffix)
    (note,) = note_unused_depth(files, 12)
    assert note.code == "unused-option"
    assert "--depth 12 had no effect" in note.text
    assert note_unused_depth(files, 16) == []


def test_one_photo_of_16_bits_needs_the_depth_whatever_its_name(write):
    files = write(4095, 4095)
    assert note_unused_depth(files, 12) == []
    wrong = make_photo(files[0].path.rename(files[0].path.with_suffix(".jpg")))
    assert note_unused_depth([wrong], 12) == []
    assert note_unused_depth([], 12) == []


def test_at_most_50_photos_are_read(write, monkeypatch):
    files, read = write(*[100] * 120), []
    monkeypatch.setattr(depth_notes, "measure_brightest", lambda data: read.append(data) or 100)
    list_depth_notes(files, 16)
    assert 30 <= len(read) <= 50
