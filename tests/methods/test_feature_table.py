"""Features beside their photos."""

import numpy as np

from headstart.catalog.photo import Photo
from headstart.methods.feature_table import SplitFeatures


def make_rows(*facts):
    photos = tuple(
        Photo(f"{i}.jpg", "a", digest=digest * 32, split="train", group=group, weight=weight)
        for i, (digest, group, weight) in enumerate(facts)
    )
    X = np.zeros((len(photos), 2), np.float32)
    return SplitFeatures(photos, X, np.zeros(len(photos), np.int64), X[None])


def test_copies_and_groups_that_overlap_share_one_name():
    rows = make_rows(("aa", "g1", 1), ("aa", None, 1), ("bb", "g1", 1), ("cc", None, 1))
    names = rows.groups
    assert names[0] == names[1] == names[2] != names[3]


def test_photos_without_copies_or_shared_groups_have_no_group_names():
    assert make_rows(("aa", None, 1), ("bb", "g1", 1)).groups is None


def test_weights_are_none_if_all_are_1():
    assert make_rows(("aa", None, 1), ("bb", None, 1)).weights is None
    np.testing.assert_array_equal(make_rows(("aa", None, 1), ("bb", None, 3)).weights, [1, 3])


def test_joined_rows_follow_each_other():
    rows = make_rows(("aa", None, 1)).join(make_rows(("bb", None, 2)))
    assert [photo.digest[:2] for photo in rows.photos] == ["aa", "bb"]
    assert rows.X.shape == (2, 2)
