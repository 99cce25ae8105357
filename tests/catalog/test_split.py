"""The split is a partition by content and seed, without leaks, close to the shares."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.catalog.photo import Photo
from headstart.catalog.split import (
    SYNONYMS,
    SplitPlan,
    assign_splits,
    describe_split,
    parse_framed_splits,
    parse_split,
    plan_folders,
    plan_rows,
)

RANDOM = plan_folders(set())


@st.composite
def rows(draw, splits=(None,)):
    """Rows with repeated digests (always under one label, as conflicts are gone by then) and groups."""
    photos = []
    for n in range(draw(st.integers(0, 60))):
        digest = draw(st.integers(0, 80))
        group = draw(st.sampled_from([None, None, "anna", "bert", "carl"]))
        split = draw(st.sampled_from(splits))
        photos.append(Photo(f"{n}.jpg", "abc"[digest % 3], digest=f"d{digest}", split=split, group=group))
    return photos


@pytest.mark.parametrize("split", SYNONYMS)
def test_every_synonym_is_understood_in_any_case(split):
    for synonym in SYNONYMS[split]:
        assert parse_split(synonym) == parse_split(synonym.upper()) == parse_split(f" {synonym.title()} ") == split


@pytest.mark.parametrize("name", ["", "cats", "trains", "test2", "validate"])
def test_other_names_are_not_splits(name):
    assert parse_split(name) is None


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["x_train", "x_test"], ["train", "test"]),
        (["train2017", "val2017", "annotations"], ["train", "validation"]),
        (["SegTrain", "SegTest", "SegPred"], ["train", "test"]),
        (["my-training-images", "my-test-images"], ["train", "test"]),
        (["a_train", "a_val", "a_test", "b_train", "b_test"], ["train", "validation", "test"]),
        (["x_train", "y_test"], []),
        (["x_test", "x_val"], []),
        (["train_station", "trainer", "strain", "restest"], []),
    ],
)
def test_names_that_differ_by_the_word_of_a_split_are_splits(names, splits):
    assert list(parse_framed_splits(names).values()) == splits


def test_folders_are_planned_by_their_splits():
    assert plan_folders(set()) == SplitPlan(None, {"train": 70, "validation": 15, "test": 15})
    assert plan_folders({"train"}) == plan_folders(set())
    assert plan_folders({"train", "test"}) == SplitPlan("train", {"train": 80, "validation": 20})
    assert plan_folders({"train", "validation"}) == SplitPlan("validation", {"validation": 80, "test": 20})
    assert plan_folders({"train", "validation", "test"}) == SplitPlan()


def test_rows_are_planned_by_the_named_splits():
    assert plan_rows(set()).shares == plan_rows({"train"}).shares == {"train": 70, "validation": 15, "test": 15}
    assert plan_rows({"train", "validation"}).shares == {"train": 80, "test": 20}
    assert plan_rows({"test"}).shares == {"train": 80, "validation": 20}
    assert plan_rows({"train", "validation", "test"}).shares == {"train": 100}


@settings(deadline=None)
@given(rows(), st.integers())
def test_the_split_is_a_partition(photos, seed):
    split, skipped = assign_splits(photos, RANDOM, seed)
    assert skipped == []
    assert [photo.path for photo in split] == [photo.path for photo in photos]
    assert {photo.split for photo in split} <= {"train", "validation", "test"}


@settings(deadline=None)
@given(rows(), st.integers())
def test_groups_and_identical_photos_are_in_one_split(photos, seed):
    split, _ = assign_splits(photos, RANDOM, seed)
    sides = {}
    for photo in split:
        for key in (photo.digest, photo.group):
            if key is not None:
                assert sides.setdefault(key, photo.split) == photo.split


@settings(deadline=None)
@given(rows(), st.integers(), st.randoms())
def test_the_split_does_not_depend_on_order_and_file_names(photos, seed, rng):
    order = list(range(len(photos)))
    rng.shuffle(order)
    renamed = [replace(photos[n], file=f"moved/{n}", split=None) for n in order]
    split, _ = assign_splits(photos, RANDOM, seed)
    again, _ = assign_splits(renamed, RANDOM, seed)
    assert [photo.split for photo in again] == [split[n].split for n in order]


@settings(deadline=None)
@given(st.lists(st.sampled_from("abc"), max_size=120), st.integers())
def test_without_groups_every_class_is_close_to_its_share(labels, seed):
    photos = [Photo(f"{n}", label, digest=f"d{n}", split=None) for n, label in enumerate(labels)]
    split, _ = assign_splits(photos, RANDOM, seed)
    counts = Counter((photo.label, photo.split) for photo in split)
    for label, n in Counter(labels).items():
        if n < 3:
            assert counts[label, "train"] == n
        for name, percent in RANDOM.shares.items():
            if n >= 3:
                assert counts[label, name] >= 1
                assert abs(counts[label, name] - n * percent / 100) <= 1.1


def test_equal_seeds_give_equal_splits_and_others_differ(make_photo):
    photos = [make_photo(f"{n}") for n in range(100)]
    splits = {seed: tuple(photo.split for photo in assign_splits(photos, RANDOM, seed)[0]) for seed in range(20)}
    assert len(set(splits.values())) == 20
    assert tuple(photo.split for photo in assign_splits(photos, RANDOM, 7)[0]) == splits[7]


def test_the_split_is_the_recorded_one():
    photos = [Photo(f"{n}", "ab"[n % 2], digest=f"{n:064x}", split=None) for n in range(20)]
    split, _ = assign_splits(photos, RANDOM, 0)
    assert [n for n, photo in enumerate(split) if photo.split == "validation"] == [2, 8, 13]
    assert [n for n, photo in enumerate(split) if photo.split == "test"] == [9, 10, 11]


def test_a_photo_is_as_likely_in_test_as_any_other():
    photos = [Photo(f"{n}", "a", digest=f"d{n}", split=None) for n in range(20)]
    hits = Counter(
        photo.digest for seed in range(400) for photo in assign_splits(photos, RANDOM, seed)[0] if photo.split == "test"
    )
    assert len(hits) == 20
    assert max(hits.values()) < 100  # 60 expected, standard deviation 7
    assert min(hits.values()) > 25


@settings(deadline=None)
@given(rows((None, "train", "test")), st.integers())
def test_rows_with_a_split_keep_it_and_others_follow_them(photos, seed):
    split, skipped = assign_splits(photos, plan_rows({"train", "test"}), seed)
    gone = {skip.path for skip in skipped}
    kept = [photo for photo in photos if photo.path not in gone]
    assert [photo.path for photo in split] == [photo.path for photo in kept]
    for before, after in zip(kept, split, strict=True):
        if before.split is not None:
            assert after.split == before.split
            continue
        friends = {
            p.split for p in kept if p.split and (p.digest == after.digest or p.group == after.group is not None)
        }
        assert friends <= {after.split}


def test_a_photo_whose_group_is_in_two_splits_is_skipped(make_photo):
    photos = [
        make_photo("a", split="train", digest="1"),
        make_photo("b", split="test", group="anna"),
        make_photo("c", digest="1", group="anna"),
    ]
    kept, skipped = assign_splits(photos, plan_rows({"train", "test"}), 0)
    assert [photo.path.name for photo in kept] == ["a", "b"]
    assert [(skip.path.name, skip.reason) for skip in skipped] == [
        ("c", "it belongs with photos of train and of test (same group, or copies)")
    ]


def test_validation_is_divided_and_train_is_kept(make_photo):
    photos = [make_photo(f"t{n}", split="train") for n in range(10)]
    photos += [make_photo(f"v{n}", split="validation") for n in range(10)]
    split, _ = assign_splits(photos, plan_folders({"train", "validation"}), 0)
    assert [photo.split for photo in split[:10]] == ["train"] * 10
    assert Counter(photo.split for photo in split[10:]) == {"validation": 8, "test": 2}


def test_without_a_plan_all_splits_are_kept(make_photo):
    photos = [make_photo("a", split="test"), make_photo("b", split="train")]
    assert assign_splits(photos, SplitPlan(), 0) == (photos, [])


def _make_photos(n, split=None, *, label="a", group=None):
    return [
        Photo(f"{split}{label}{i}.jpg", label, digest=f"{split}{label}{i}", split=split, group=group) for i in range(n)
    ]


@pytest.mark.parametrize(
    ("photos", "plan", "told"),
    [
        (_make_photos(20), RANDOM, "All photos were split 70/15/15 at random: 14 train, 3 validation, 3 test."),
        (_make_photos(3, "test"), plan_folders(set(SYNONYMS)), "The splits are taken as they are."),
        (_make_photos(3, "test"), plan_rows({"test"}), "The splits are taken as they are."),
        (
            [*_make_photos(5, "train"), *_make_photos(10, "validation")],
            plan_folders({"train", "validation"}),
            "The validation photos were split 80/20 at random: 8 validation, 2 test.",
        ),
        (
            [*_make_photos(5, "train"), *_make_photos(1, "validation"), *_make_photos(1, "validation", label="b")],
            plan_folders({"train", "validation"}),
            "The validation photos were split 80/20 at random: 2 validation, 0 test. A class with fewer than 2 photos "
            "or groups is not split.",
        ),
        (
            [*_make_photos(5, "test"), *_make_photos(9, "train", group="one")],
            plan_folders({"train", "test"}),
            "The train photos were split 80/20 at random: 9 train, 0 validation. Groups: 1 train, 0 validation. A "
            "class with fewer than 2 photos or groups is not split.",
        ),
        (
            [*_make_photos(2, "train"), *_make_photos(2, "test"), *_make_photos(5)],
            plan_rows({"train", "test"}),
            "The photos without a split were split 80/20 at random: 4 train, 1 validation.",
        ),
        (
            [*_make_photos(2, "train", group="one"), *_make_photos(2, "test"), *_make_photos(1, group="one")],
            plan_rows(set(SYNONYMS)),
            "The photos without a split were added: 1 train.",
        ),
    ],
)
def test_the_sentence_on_a_split_has_the_numbers_that_it_gave(photos, plan, told):
    assert describe_split(plan, photos, assign_splits(photos, plan, seed=0)[0]) == told


def make(digest, split=None):
    return Photo(f"{digest}.jpg", "a", digest=digest, split=split)


def test_near_copies_outside_a_named_pool_draw_no_photo_out_of_it():
    photos = [replace(make(f"{n}", split="train"), near_copies=f"copy {n % 5}") for n in range(20)]
    outside = [replace(make(f"test {n}", split="test"), near_copies=f"copy {n}") for n in range(5)]
    divided, skipped = assign_splits([*photos, *outside], SplitPlan("train", {"train": 80, "validation": 20}), 0)
    assert not skipped
    assert Counter(photo.split for photo in divided) == {"train": 16, "validation": 4, "test": 5}
    assert all(photo.near_copies for photo in divided)


def test_a_photo_without_a_split_joins_its_near_copies_that_have_one():
    named = replace(make("1", split="test"), near_copies="copy")
    free = [replace(make(f"{n}"), near_copies="copy" if n < 3 else None) for n in range(2, 12)]
    divided, _ = assign_splits([named, *free], plan_rows({"train", "test"}), 0)
    assert divided[1].split == "test"
    other = replace(make("0", split="train"), near_copies="copy")
    divided, skipped = assign_splits([named, other, *free], plan_rows({"train", "test"}), 0)
    assert not skipped  # copies in two splits already say nothing about a third
    assert len(divided) == 12
