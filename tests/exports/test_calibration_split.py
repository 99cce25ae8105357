"""An export is quantised and checked on different photos, if there are enough."""

import hashlib

import pytest

from headstart.catalog.photo import Photo
from headstart.exports.calibration_split import choose_calibration_photos


class Trained:
    """Metadata with digests of training photos."""

    def __init__(self, photos):
        self._trained_on = {photo.digest for photo in photos}

    def has_seen(self, digest):
        return digest in self._trained_on


def make_photos(name, n):
    return [
        Photo(f"{name}/{i}.jpg", "dots", digest=hashlib.sha256(f"{name} {i}".encode()).hexdigest(), split=None)
        for i in range(n)
    ]


@pytest.mark.parametrize(
    ("n_seen", "n_unchecked", "n_checked", "expected"),
    [
        (300, 90, 100, {"seen": 200}),
        (50, 90, 100, {"seen": 50}),
        (49, 90, 100, {"seen": 49, "unchecked": 90}),
        (0, 50, 100, {"unchecked": 50}),
        (3, 20, 30, {"seen": 3, "unchecked": 20, "checked": 30}),
    ],
)
def test_training_photos_are_taken_first_then_unchecked_ones(n_seen, n_unchecked, n_checked, expected):
    seen, unchecked = make_photos("seen", n_seen), make_photos("unchecked", n_unchecked)
    checked = make_photos("checked", n_checked)
    chosen = choose_calibration_photos([*checked, *seen, *unchecked], checked, Trained(seen))
    found = {name: sum(photo.file.startswith(f"{name}/") for photo in chosen) for name in expected}
    assert found == expected
    assert len(chosen) == sum(expected.values())


def test_a_copy_of_a_checked_photo_counts_as_checked():
    checked = make_photos("checked", 60)
    copies = [Photo(f"copies/{i}.jpg", "dots", digest=photo.digest, split=None) for i, photo in enumerate(checked)]
    others = make_photos("others", 55)
    assert {
        photo.file.split("/")[0]
        for photo in choose_calibration_photos([*checked, *copies, *others], checked, Trained([]))
    } == {"others"}
