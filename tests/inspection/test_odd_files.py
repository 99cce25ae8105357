"""Files that cannot be read, and files stored unlike the others, are found; what much of the set has is not odd."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from headstart.catalog.photo import Skip
from headstart.inspection.odd_files import find_odd_files, find_unreadable_files
from headstart.pixels.header_facts import HeaderFacts

PLAIN = HeaderFacts(format="JPEG", suffix=".jpg", width=500, height=375, n_bytes=40_000)


@pytest.fixture
def make_photos(make_set):
    """Make a set of 40 plain JPEGs, of which the first n are changed."""

    def make(n, **change):
        photos = make_set(np.zeros((40, 2)), ["a", "b"] * 20)
        photos.__dict__["facts"] = [dataclasses.replace(PLAIN, **change)] * n + [PLAIN] * (40 - n)
        return photos

    return make


@pytest.mark.parametrize(
    ("change", "evidence"),
    [
        ({"suffix": ".png"}, "Its name ends with .png, but it is a JPEG file."),
        ({"format": "GIF", "suffix": ".jpg"}, "Its name ends with .jpg, but it is a GIF file."),
        ({"bits": 16}, "It has 16 bits a sample; most photos have 8."),
        ({"is_cmyk": True}, "It has the four colours of printing (CMYK)."),
        ({"profile": "Adobe RGB (1998)"}, "It has the colour profile 'Adobe RGB (1998)' and not sRGB."),
        (
            {"format": "GIF", "suffix": ".gif", "has_frames": True},
            "It is a GIF with several frames or pages, of which only the first is seen.",
        ),
    ],
)
def test_an_odd_file_is_found_and_named(make_photos, change, evidence):
    (finding,) = find_odd_files(make_photos(1, **change))
    assert (finding.kind, finding.photos, finding.evidence) == ("odd_file", ("a/00000.jpg",), evidence)
    assert find_odd_files(make_photos(8, **change)) == []


@pytest.mark.parametrize(
    "change",
    [{"suffix": ".jpeg"}, {"suffix": ""}, {"suffix": ".bin"}, {"profile": "sRGB IEC61966-2.1"}, {"has_exif": True}],
)
def test_usual_files_are_not_odd(make_photos, change):
    assert find_odd_files(make_photos(1, **change)) == []


def test_profiles_that_several_photos_have_are_not_odd(make_photos):
    assert find_odd_files(make_photos(2, profile="Display P3")) == []
    assert len(find_odd_files(make_photos(2, bits=16))) == 2


def test_one_finding_has_all_reasons_and_the_worst_is_first(make_photos):
    photos = make_photos(1, profile="Display P3")
    photos.facts[5] = dataclasses.replace(PLAIN, bits=16, suffix=".png", format="TIFF")
    photos.facts[6] = None
    found = find_odd_files(photos)
    assert [finding.photos[0] for finding in found] == ["b/00005.jpg", "a/00000.jpg"]
    assert (
        found[0].evidence
        == "Its name ends with .png, but it is a TIFF file. It has 16 bits a sample; most photos have 8."
    )


def test_unreadable_files_come_before_damaged_photos(make_photos):
    photos = make_photos(0)
    reasons = {
        "set/a/1.jpg": "empty file", "set/a/2.jpg": "identical to a training photo (set/a/3.jpg)",
        "set/x/3.jpg": "cannot be decoded: broken", "set/4.jpg": "lies next to the class folders, so it has no label",
        "set/b/5.jpg": "class 'b' has no training photo",
        "set/b/6.jpg": "identical photos have different labels ('a', but 'b' as x)",
    }  # fmt: skip
    skipped = tuple(Skip(Path(path), reason) for path, reason in reasons.items())
    catalog = dataclasses.replace(photos.catalog, skipped=skipped)
    damaged = {photos.photos[3].digest: "Premature end of JPEG file"}
    found = find_unreadable_files(dataclasses.replace(photos, catalog=catalog, damaged=damaged))
    assert [finding.photos[0] for finding in found] == [
        str(Path("set/a/1.jpg")),
        str(Path("set/x/3.jpg")),
        "b/00003.jpg",
    ]
    assert [finding.label for finding in found] == ["a", None, "b"]
    assert found[0].evidence == "It cannot be used: empty file."
    assert found[1].evidence == "It cannot be decoded: broken."
    assert found[2].evidence == "It is damaged, and parts of it may be garbled: Premature end of JPEG file."
    assert found[0].score > found[2].score


def test_a_file_that_is_neither_a_photo_nor_named_like_one_is_no_finding(make_photos):
    photos = make_photos(0)
    reason = "not a photo: no known signature"
    skipped = tuple(Skip(Path(f"set/a/{name}"), reason, "ab" * 32) for name in ("notes.txt", "1.jpg", "labels.json"))
    catalog = dataclasses.replace(photos.catalog, skipped=skipped)
    (finding,) = find_unreadable_files(dataclasses.replace(photos, catalog=catalog))
    assert (finding.photos, finding.digests) == ((str(Path("set/a/1.jpg")),), ("ab" * 32,))
