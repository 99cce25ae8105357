"""A catalog selects, counts and leaves out photos, and is immutable."""

import dataclasses
from pathlib import Path

import pytest

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Skip
from headstart.errors import CatalogError


@pytest.fixture
def catalog(make_photo):
    photos = [make_photo(f"{split} {label}", label, split) for split in ("train", "test") for label in ("dogs", "cats")]
    return Catalog((*photos, make_photo("owl", "owls", "train")), source="pets", seed=3)


def test_labels_are_the_sorted_classes_of_train(catalog):
    assert catalog.labels == ("cats", "dogs", "owls")


def test_a_label_without_training_photos_is_no_class(make_photo):
    assert Catalog((make_photo("a", "cats", "train"), make_photo("b", "owls", "test"))).labels == ("cats",)


def test_select_returns_the_photos_of_a_split_in_order(catalog):
    assert [photo.path.name for photo in catalog.select("train")] == ["train dogs", "train cats", "owl"]
    assert catalog.select("validation") == ()
    with pytest.raises(CatalogError, match="got split 'val', need one of train, validation, test"):
        catalog.select("val")


def test_counts_have_every_split_and_label(catalog):
    assert catalog.counts() == {
        "train": {"cats": 1, "dogs": 1, "owls": 1},
        "validation": {"cats": 0, "dogs": 0, "owls": 0},
        "test": {"cats": 1, "dogs": 1, "owls": 0},
    }


def test_without_skips_the_photos(catalog):
    less = catalog.without({Path("test cats"): "cannot be decoded"})
    assert less.skipped == (Skip(Path("test cats"), "cannot be decoded", "digest of test cats"),)
    assert [photo.path.name for photo in less.photos] == ["train dogs", "train cats", "test dogs", "owl"]
    assert (less.source, less.seed, less.notes) == ("pets", 3, ())
    assert len(catalog.photos) == 5


def test_a_class_without_its_last_training_photo_is_left_out(catalog):
    less = catalog.without({Path("train cats"): "broken"})
    assert less.labels == ("dogs", "owls")
    assert less.skipped[1] == Skip(Path("test cats"), "class 'cats' has no training photo")
    assert tuple(map(str, less.notes)) == ("Class 'cats' is in test but not in train: its 1 photo was left out.",)
    assert less.select_notes("class-not-in-train") == less.notes
    assert less.select_notes("leak") == ()


def test_without_refuses_a_photo_that_is_not_in_the_catalog(catalog):
    with pytest.raises(CatalogError, match="got 'stranger', one of 1 not in the catalog"):
        catalog.without({Path("stranger"): "broken"})


def test_without_no_photo_the_catalog_is_equal(catalog):
    assert catalog.without({}) == catalog


def test_a_catalog_is_immutable(catalog):
    with pytest.raises(dataclasses.FrozenInstanceError, match="seed"):
        catalog.seed = 1
    with pytest.raises(dataclasses.FrozenInstanceError, match="label"):
        catalog.photos[0].label = "x"


def test_the_repr_is_one_line(catalog):
    assert repr(catalog) == "Catalog('pets': 5 photos, 3 labels, 0 skipped, seed 3)"


def test_the_summary_has_counts_reasons_and_notes(make_photo):
    photos = [make_photo(f"{n}", "cats" if n % 3 else "dogs", "train" if n < 9 else "test") for n in range(12)]
    skipped = [
        Skip(Path("a"), "empty file"),
        Skip(Path("b"), "identical to a training photo (x)"),
        Skip(Path("c"), "empty file"),
    ]
    text = Catalog(tuple(photos), tuple(skipped), ("Read as class folders.",), "pets", 3).summary()
    assert text.splitlines() == [
        "pets: 12 photos, 2 labels (seed 3)",
        "",
        "label  train  validation  test  all",
        "cats       6           0     2    8",
        "dogs       3           0     1    4",
        "all        9           0     3   12",
        "",
        "3 skipped:",
        "  2 x empty file",
        "  1 x identical to a training photo",
        "",
        "- Read as class folders.",
    ]


def test_many_labels_are_shortened(make_photo):
    lines = Catalog(tuple(make_photo(f"{n}", f"{n:04}", "train") for n in range(1030))).summary().splitlines()
    assert lines[-2].split() == ["1,000", "more", "labels", "1,000", "0", "0", "1,000"]
    assert len(lines) == 35
