"""The photos to quantise on depend on content alone, and a backbone is quantised on them once."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.errors import CatalogError
from headstart.features import calibration_photos
from headstart.features.calibration_photos import quantise_on_photos
from headstart.pixels.decode import read_photo

BACKBONE = load_backbone()


@dataclass(frozen=True)
class File:
    path: Path
    digest: str


def describe(path: Path) -> File:
    return File(path, hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def files(make_folder):
    return [describe(path) for path in sorted(make_folder(n=3).rglob("*.jpg"))]


@pytest.fixture(autouse=True)
def calls(monkeypatch, tmp_path):
    """Use a new result cache in each test, and record the calibration photos instead of quantising."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    seen = []

    def quantise(backbone, pixels, *, progress):
        seen.append(pixels)
        progress(len(pixels), len(pixels))
        return calibration_photos.wrap_quantised(backbone, hashlib.sha256(pixels.tobytes()).digest())

    monkeypatch.setattr(calibration_photos, "quantise_backbone", quantise)
    return seen


def test_the_second_call_reads_the_result_cache(files, calls):
    first, again = (quantise_on_photos(files, BACKBONE, 96) for _ in range(2))
    assert first == again
    assert again[0].is_quantised
    assert again[1] == sorted(files, key=lambda file: file.digest)
    assert len(calls) == 1
    assert quantise_on_photos(files, BACKBONE, 128)[0] != first[0]


def test_neither_order_nor_paths_nor_copies_matter(files, calls, tmp_path):
    quantise_on_photos(files, BACKBONE, 96)
    moved = tmp_path / "moved.jpg"
    files[0].path.rename(moved)
    quantise_on_photos([*files[1:][::-1], File(moved, files[0].digest), files[2]], BACKBONE, 96)
    assert len(calls) == 1


def test_the_photos_with_the_lowest_digests_are_used(files, calls, monkeypatch):
    monkeypatch.setattr(calibration_photos, "N_PHOTOS", 4)
    quantise_on_photos(files, BACKBONE, 96)
    chosen = sorted(files, key=lambda file: file.digest)[:4]
    np.testing.assert_array_equal(calls[0], [read_photo(file.path, 96) for file in chosen])


def test_photos_that_cannot_be_decoded_are_left_out(files, calls, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(files[0].path.read_bytes()[:300])
    for _ in range(2):
        _, read = quantise_on_photos([*files, describe(broken)], BACKBONE, 96)
        assert read == sorted(files, key=lambda file: file.digest)
    assert [len(pixels) for pixels in calls] == [len(files)]
    with pytest.raises(
        CatalogError, match=r"got none of 1 photos that can be decoded, such as .*broken\.jpg': cannot be decoded"
    ):
        quantise_on_photos([describe(broken)], BACKBONE, 96)
    with pytest.raises(CatalogError, match="none of 0 photos"):
        quantise_on_photos([], BACKBONE, 96)


def test_a_result_without_a_changed_photo_is_not_cached(files, calls):
    files[0].path.write_bytes(b"another content")
    for _ in range(2):
        quantise_on_photos(files, BACKBONE, 96)
    assert [len(pixels) for pixels in calls] == [len(files) - 1] * 2


def test_progress_counts_two_steps_for_each_photo(files):
    seen = []
    quantise_on_photos(files, BACKBONE, 96, progress=lambda *numbers: seen.append(numbers))
    assert seen[0] == (1, 12)
    assert seen[-1] == (12, 12)
