"""Traits say in words what many photos share, and leave out what all or few have."""

import dataclasses

import numpy as np

from headstart.inspection.photo_traits import (
    list_border_traits,
    list_brightness_traits,
    list_byte_traits,
    list_header_traits,
)
from headstart.pixels.header_facts import HeaderFacts

PLAIN = HeaderFacts(format="JPEG", suffix=".jpg", width=500, height=375, n_bytes=40_000, tables="39e4f06d")


def name_all(traits):
    return {trait.phrase: np.flatnonzero(trait.has).tolist() for trait in traits}


def change(n, **facts):
    return [dataclasses.replace(PLAIN, **facts)] * n


def test_what_all_photos_share_is_no_trait():
    assert not any(list_header_traits(change(20)).values())
    assert list_byte_traits(change(20)) == []


def test_what_two_photos_have_is_no_trait():
    found = list_header_traits([*change(2, camera="Canon", bits=16), *change(30)])
    assert list(name_all(found["camera in the Exif data"])) == ["name no camera"]


def test_sizes_that_many_share_and_ranges_of_the_others():
    facts = [*change(10), *(dataclasses.replace(PLAIN, width=600 + n, height=375) for n in range(10))]
    found = name_all(list_header_traits(facts)["size of the picture"])
    assert found["are 500 pixels wide"] == list(range(10))
    assert any(phrase.startswith("are 600 to ") for phrase in found)
    ranges = [rows for phrase, rows in found.items() if " wide" in phrase]
    assert sorted(row for rows in ranges for row in rows) == list(range(20))


def test_compression_profile_camera_and_date():
    facts = [
        *change(5, tables="aaaaaaaa", profile="Adobe RGB (1998)", camera="Canon", has_exif=True, date="2019-07-31"),
        *change(5, format="PNG", tables=None, is_progressive=True),
    ]
    found = {family: name_all(traits) for family, traits in list_header_traits(facts).items()}
    first, second = list(range(5)), list(range(5, 10))
    assert found["format and compression"] == {
        "are JPEG files": first, "are PNG files": second, "were saved with one JPEG quality setting (aaaaaaaa)": first,
        "are progressive JPEGs": second,
    }  # fmt: skip
    assert found["colour profile"] == {
        "have the colour profile 'Adobe RGB (1998)'": first, "have no colour profile": second,
    }  # fmt: skip
    assert found["camera in the Exif data"]["name the camera 'Canon'"] == first
    assert found["date in the Exif data"] == {
        "were taken on 2019-07-31": first, "have no date": second, "were taken in 2019-07": first,
        "were taken in 2019": first,
    }  # fmt: skip


def test_borders_of_one_grey_and_no_others():
    ordinary, ring, side = (120, 40, 120, 20), (130, 0.5, 130, 0.3), (120, 40, 2, 3)
    rows = [(0, 0, 0, 0, *border) for border in [ordinary] * 4 + [ring] * 4 + [side] * 4]
    found = name_all(list_border_traits(np.array(rows, np.float32)))
    assert found == {
        "have a border of one grey (about 128 of 255)": [4, 5, 6, 7],
        "have a side of one grey (about 128 of 255)": [4, 5, 6, 7],
        "have a side of nearly one grey": [8, 9, 10, 11],
        "have a side of one grey": list(range(4, 12)),
    }


def test_brightness_and_bytes_are_split_into_ranges():
    measures = np.zeros((80, 8), np.float32)
    measures[:, 3] = np.arange(80)
    found = name_all(list_brightness_traits(measures))
    assert "have a mean of 0 to 10 of 255 levels" in found
    assert sum(map(len, found.values())) == 80
    facts = [dataclasses.replace(PLAIN, n_bytes=1000 * n) for n in range(1, 81)]
    assert sum(map(len, name_all(list_byte_traits(facts)).values())) == 80
