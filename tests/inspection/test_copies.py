"""Copies, near copies and look-alikes: one finding for each group, the photo to look at first."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.catalog.photo import Photo
from headstart.features.near_copies import CopyPair
from headstart.features.near_copy_groups import NearCopies, group_near_copies
from headstart.inspection.copies import find_copies, find_lookalikes
from headstart.pixels.header_facts import HeaderFacts


def digest(n):
    return f"{n:064x}"


def pair(first, second, correlation=0.9, kind="copy"):
    return CopyPair(digest(first), digest(second), correlation, 0.8, kind)


@pytest.fixture
def features():
    return np.random.default_rng(0).normal(size=(6, 8))


def test_files_with_the_same_bytes_are_reported_once(make_set, features):
    extra = [Photo("a/00000 (copy).jpg", "a", digest=digest(0), split=None)]
    extra += [Photo("b/other.jpg", "b", digest=digest(1), split=None)]
    extra += [Photo("a/other.jpg", "a", digest=digest(1), split=None)]
    conflict, copy = find_copies(make_set(features, ["a"] * 3 + ["b"] * 3, extra=extra))
    assert conflict.photos == ("b/other.jpg", "a/other.jpg", "a/00001.jpg")
    assert (conflict.kind, conflict.label, conflict.suggested, conflict.score) == ("copy", "b", "a", 1.0)
    assert conflict.evidence == "The same photo has two labels: a and b."
    assert conflict.digests == (digest(1),) * 3
    assert copy.photos == ("a/00000 (copy).jpg", "a/00000.jpg")
    assert (copy.label, copy.suggested) == ("a", None)
    assert copy.evidence == "Two files have the same bytes."
    assert copy.score < conflict.score


def test_copies_across_splits_come_before_those_of_one_split(make_set, features):
    splits = ["train", "test", "train", "train", "test", None]
    extra = [Photo("a/x.jpg", "a", digest=digest(1), split="train")]
    extra += [Photo("a/00000-1.jpg", "a", digest=digest(0), split="train")]
    across, one = find_copies(make_set(features, ["a"] * 3 + ["b"] * 3, splits=splits, extra=extra))
    assert across.photos == ("a/00001.jpg", "a/x.jpg")
    assert across.evidence == "The same photo is in training and test."
    assert one.photos == ("a/00000-1.jpg", "a/00000.jpg")


def test_near_copies_are_reported_by_group(make_set, features):
    near = group_near_copies([pair(0, 1, 0.98), pair(1, 2, 0.91), pair(4, 5, 0.7, "crop")], 6)
    three, two = find_copies(make_set(features, ["a"] * 3 + ["b"] * 3, near_copies=near))
    assert sorted(three.photos) == ["a/00000.jpg", "a/00001.jpg", "a/00002.jpg"]
    assert three.evidence == (
        "Three photos are nearly the same. They may be saved again, resized or taken at one time: the details of their "
        "thumbnails correlate by 0.91 to 0.98."
    )
    assert three.action == "Keep one of the photos, or keep them in one split."
    assert two.evidence == (
        "Two photos are nearly the same. They may be cropped or turned: once aligned, the details of their thumbnails "
        "correlate by 0.70."
    )
    assert three.kind == two.kind == "near_copy"
    assert 0 <= two.score < three.score <= 1


def test_of_two_labels_the_one_that_fits_less_comes_first(make_set, make_classes):
    X, labels = make_classes(10, 2)
    X[10:20:9] = X[0] + 0.01  # photos 10 and 19 have the second label, and show the first class
    near = group_near_copies([pair(0, 10)], 20)
    (found,) = find_copies(make_set(X, labels, near_copies=near))
    assert found.photos[0] == "class 1/00010.jpg"
    assert (found.label, found.suggested) == ("class 1", "class 0")
    assert found.evidence.startswith("The photos are nearly the same, and have two labels: class 0 and class 1. ")
    assert found.action == "Keep one of the photos, with the label that is right."  # one split would not help
    X[0] = X[10] = X[15]
    (found,) = find_copies(make_set(X, labels, near_copies=near))
    assert (found.label, found.suggested) == ("class 0", "class 1")


def test_pairs_between_two_groups_are_reported_if_labels_or_splits_differ(make_set, features):
    pairs = (pair(0, 1, 0.95), pair(2, 3, 0.94), pair(2, 4, 0.93))
    near = NearCopies(pairs, {digest(n): digest(n) for n in range(5)}, is_chained=True)
    (found,) = find_copies(make_set(features, ["a"] * 3 + ["b"] * 3, near_copies=near))
    assert sorted(found.photos) == ["a/00002.jpg", "b/00003.jpg"]


def test_a_near_copy_of_two_equal_files_is_named_once(make_set, features):
    extra = [Photo("a/00001-2.jpg", "a", digest=digest(1), split=None)]
    near = group_near_copies([pair(0, 1)], 6)
    by_kind = {
        found.kind: sorted(found.photos)
        for found in find_copies(make_set(features, ["a"] * 6, near_copies=near, extra=extra))
    }
    assert by_kind == {
        "copy": ["a/00001-2.jpg", "a/00001.jpg"],
        "near_copy": ["a/00000.jpg", "a/00001.jpg"],
    }


def test_look_alikes_are_listed_by_strength_without_known_copies(make_set, features):
    alike = (pair(0, 1, 0.6, "lookalike"), pair(2, 3, 0.7, "lookalike"), pair(4, 5, 0.8, "lookalike"))
    near = NearCopies((pair(4, 5),), {digest(4): digest(4), digest(5): digest(4)}, lookalikes=alike)
    strong, weak = find_lookalikes(make_set(features, ["a"] * 6, near_copies=near))
    assert strong.photos == ("a/00002.jpg", "a/00003.jpg")
    assert strong.score == pytest.approx(0.75)
    assert weak.evidence == (
        "The photos look alike, and are no copies: the details of their thumbnails correlate by 0.60, and the cosine "
        "of their features is 0.80."
    )


def test_a_set_without_copies_has_no_finding(make_set, features):
    photos = make_set(features, ["a"] * 6)
    assert find_copies(photos) == find_lookalikes(photos) == []


def test_of_near_copies_the_one_with_the_most_pixels_is_kept(make_set, features):
    photos = make_set(features, ["a"] * 6, near_copies=group_near_copies([pair(0, 4)], 6))
    assert find_copies(photos)[0].photos[-1] == "a/00000.jpg"  # nothing is known: the first name
    plain = HeaderFacts(format="JPEG", suffix=".jpg", width=300, height=200, n_bytes=1)
    photos.__dict__["facts"] = [plain] * 4 + [replace(plain, width=400, height=300)] * 2
    assert find_copies(photos)[0].photos == ("a/00000.jpg", "a/00004.jpg")


@pytest.mark.parametrize("change", [{"tables": "b"}, {"format": "PNG", "tables": None}, {"has_exif": False}])
def test_of_near_copies_with_as_many_pixels_the_one_that_was_turned_is_not_kept(make_set, change):
    near = group_near_copies([pair(0, 40, kind="crop")], 60)
    photos = make_set(np.random.default_rng(0).normal(size=(60, 8)), ["a"] * 60, near_copies=near)
    taken = HeaderFacts(
        format="JPEG", suffix=".jpg", width=300, height=200, n_bytes=30_000, tables="a", has_exif="has_exif" in change
    )
    photos.__dict__["facts"] = [replace(taken, n_bytes=50_000, **change), *[taken] * 59]
    assert find_copies(photos)[0].photos == ("a/00000.jpg", "a/00040.jpg")
