"""Groups come from the path, from folders or from the camera; the split keeps them together."""

import csv

import numpy as np
import pytest
from PIL import Image

from headstart.catalog.grouping import MIN_GROUPS, find_folder
from headstart.catalog.scan import scan_photos
from headstart.errors import CatalogError

MODEL = 272
N_EACH = 6  # photos of a class and group


@pytest.fixture
def write_photos(tmp_path):
    """Write photos of two classes and some cameras into a folder, each in a folder of its site."""

    def write(n_cameras=4, n_plain=0):
        generator = np.random.default_rng(0)
        for label in ("cats", "dogs"):
            for number in range(N_EACH * n_cameras + n_plain):
                camera = number % n_cameras if number < N_EACH * n_cameras else None
                folder = tmp_path / "pets" / label / ("" if camera is None else f"site{camera}")
                folder.mkdir(parents=True, exist_ok=True)
                exif = Image.Exif()
                if camera is not None:
                    exif[MODEL] = f"Camera {camera}"
                pixels = generator.integers(0, 255, (8, 8, 3)).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{label}_{number}.jpg", exif=exif)
        return tmp_path / "pets"

    return write


@pytest.mark.parametrize(
    ("group_from", "name"), [("camera", "Camera 2"), ("folder", "site2"), ("site[0-9]", "site2"), ("site([0-9])", "2")]
)
def test_groups_are_named_and_stay_in_one_split(write_photos, group_from, name):
    catalog = scan_photos(write_photos(), group_from=group_from, layout="auto" if group_from == "folder" else "outer")
    groups = {photo.group for photo in catalog.photos}
    assert len(groups) == 4
    assert name in groups
    assert {len({photo.split for photo in catalog.photos if photo.group == group}) for group in groups} == {1}
    assert {photo.split for photo in catalog.photos} == {"train", "validation", "test"}
    assert catalog.group_kind == (group_from if group_from in ("camera", "folder") else "group")
    (note,) = catalog.select_notes("groups")
    assert f"come from 4 {catalog.group_kind}s" in note.text
    assert note.severity == "info"


@pytest.mark.parametrize("group_from", ["camera", "folder", "site[0-9]"])
def test_photos_without_a_group_are_counted_and_divided_alone(write_photos, group_from):
    catalog = scan_photos(write_photos(n_plain=20), group_from=group_from, layout="outer")
    assert sum(photo.group is None for photo in catalog.photos) == 40
    (note,) = catalog.select_notes("groups")
    assert "40 photos without one." in note.text


def test_fewer_groups_than_splits_are_not_kept_apart(write_photos):
    catalog = scan_photos(write_photos(n_cameras=MIN_GROUPS - 1), group_from="camera", layout="outer")
    assert {photo.group for photo in catalog.photos} == {None}
    assert catalog.counts()["test"]["cats"] > 0
    (note,) = catalog.select_notes("groups")
    assert note.severity == "warning"
    assert "from 2 cameras: Camera 0 (12 photos), Camera 1 (12 photos)" in note.text
    assert "cameras are not kept apart" in note.text


@pytest.mark.parametrize(
    ("group_from", "reason"),
    [
        ("(site", r"Cannot group photos by '\(site': got no regular expression \(missing \), unterminated subpattern"),
        ("", "Cannot group photos by '': got an empty pattern"),
        ("[0-9]{9}", r"Cannot group 50 photos by '\[0-9\]\{9\}': got no path with a match, such as 'cats/cats_24.jpg'"),
    ],
)
def test_a_wrong_pattern_is_told_with_a_path_of_the_photos(write_photos, group_from, reason):
    with pytest.raises(CatalogError, match=reason) as caught:
        scan_photos(write_photos(n_plain=1), group_from=group_from, layout="outer")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("group_from", ["camera", "folder"])
def test_photos_without_any_camera_or_folder_are_refused(tmp_path, group_from):
    for label in ("cats", "dogs"):
        (tmp_path / label).mkdir()
        Image.new("RGB", (8, 8), label.replace("cats", "red").replace("dogs", "blue")).save(tmp_path / label / "1.jpg")
    with pytest.raises(CatalogError, match=rf"Cannot group 2 photos by {group_from}: got none .* 'cats/1.jpg'"):
        scan_photos(tmp_path, group_from=group_from)


def test_groups_take_the_place_of_a_column_that_was_found_but_not_of_one_that_is_named(write_photos, tmp_path):
    folder = write_photos()
    table = tmp_path / "table.csv"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "group"])
        rows.writerows([path, path.parts[-3], path.name] for path in sorted(folder.rglob("*.jpg")))
    assert {photo.group for photo in scan_photos(table, group_from="camera").photos} == {
        f"Camera {n}" for n in range(4)
    }
    with pytest.raises(CatalogError, match="got the column 'group' and --group-from 'camera', need one of them"):
        scan_photos(table, group_from="camera", group_column="group")


def test_the_folder_of_a_class_inside_a_split_is_found_however_accents_are_written():
    assert find_folder("train/café/monday/1.jpg", "cafe\N{COMBINING ACUTE ACCENT}".replace("e\u0301", "é")) == "monday"
    assert find_folder("train/cafe\N{COMBINING ACUTE ACCENT}/monday/morning/1.jpg", "café") == "monday"
    assert find_folder("elsewhere/1.jpg", "café") is None


@pytest.mark.parametrize(
    ("n_groups", "told"),
    [
        (3, "Groups: 1 train, 1 validation, 1 test. With so few groups the splits are uneven: train has fewer photos"),
        (7, "Groups: 5 train, 1 validation, 1 test."),
    ],
)
def test_the_note_on_the_layout_tells_the_groups_of_each_split(write_photos, n_groups, told):
    (note,) = scan_photos(write_photos(n_cameras=n_groups), group_from="camera", layout="outer").select_notes("layout")
    assert told in note.text
    assert ("uneven" in note.text) == ("uneven" in told)
