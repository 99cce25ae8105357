"""A note says how to get the accuracy for a new camera or folder, where photos come from several."""

import numpy as np
import pytest
from PIL import Image

from headstart.catalog.scan import scan_photos
from headstart.features.group_suggestions import suggest_groups

MODEL = 272


@pytest.fixture
def scan(tmp_path):
    def scan(n_cameras=0, n_folders=0, n_photos=24, **options):
        generator = np.random.default_rng(0)
        for label in ("cats", "dogs"):
            for n in range(n_photos):
                folder = tmp_path / label / (f"day{n % n_folders}" if n_folders else "")
                folder.mkdir(parents=True, exist_ok=True)
                exif = Image.Exif()
                if n_cameras:
                    exif[MODEL] = f"Camera {n % n_cameras}"
                pixels = generator.integers(0, 255, (4, 4, 3)).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{n}.jpg", exif=exif)
        return scan_photos(tmp_path, layout="outer", **options)

    return scan


def test_several_cameras_are_suggested_as_groups(scan):
    (note,) = suggest_groups(scan(n_cameras=3))
    assert (note.code, note.severity) == ("several-cameras", "info")
    assert "come from 3 cameras or more. --group-from camera tells the accuracy" in note.text


@pytest.mark.parametrize("n_cameras", [0, 1, 2, 24])
def test_few_cameras_and_cameras_of_single_photos_are_not_suggested(scan, n_cameras):
    assert suggest_groups(scan(n_cameras=n_cameras)) == []


def test_folders_below_the_classes_are_suggested_as_groups(scan):
    (note,) = suggest_groups(scan(n_folders=3))
    assert note.code == "several-folders"
    assert "--group-from folder" in note.text


def test_one_folder_in_each_class_and_folders_of_single_photos_are_not_suggested(scan):
    assert suggest_groups(scan(n_folders=1)) == []
    assert suggest_groups(scan(n_folders=24)) == []


def test_nothing_is_suggested_if_the_photos_have_groups(scan):
    assert suggest_groups(scan(n_cameras=4, group_from="camera")) == []
