"""Notes on near copies name photos, and say what to do."""

from dataclasses import replace

import numpy as np

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.features.near_copies import CopyPair
from headstart.features.near_copy_groups import NearCopies, group_near_copies
from headstart.methods.near_copy_notes import list_near_copy_notes, note_common


def make(name, split, label="cats", *, is_drawn=False):
    return Photo(f"{name}.jpg", label, digest=name, split=split, is_drawn=is_drawn)


def pair(first, second):
    return CopyPair(first, second, 0.99, 0.9)


def test_without_pairs_there_is_no_note():
    assert list_near_copy_notes(NearCopies((), {}), Catalog(())) == []


def test_copies_across_a_given_split_are_named():
    photos = (make("a", "train"), make("b", "test"), make("c", "test"), make("d", "validation"))
    near_copies = group_near_copies([pair("a", "b"), pair("a", "d")], 4)
    pictures, validation, test = list_near_copy_notes(near_copies, Catalog(photos))
    assert pictures.text.startswith("3 photos show the same picture")
    assert "one split" not in pictures.text
    assert validation.text == "1 validation photo has a near copy in training: d.jpg (as a.jpg)."
    assert test.text == (
        "1 test photo has a near copy in training: b.jpg (as a.jpg). metrics.json has the accuracy without them."
    )
    assert (test.code, test.severity) == ("near-copies-across", "warning")


def test_other_labels_are_named_up_to_three_pairs():
    names = [f"{n}" for n in range(8)]
    photos = tuple(make(name, "train", "cats" if n % 2 else "dogs", is_drawn=True) for n, name in enumerate(names))
    near_copies = group_near_copies([pair(f"{n}", f"{n + 1}") for n in range(0, 8, 2)], 8)
    pictures, labels = list_near_copy_notes(near_copies, Catalog(photos))
    assert pictures.text.startswith("8 photos show only 4 different pictures: they are near copies (saved again")
    assert pictures.text.endswith("All photos of one picture are in one split.")
    assert labels.code == "near-copy-labels"
    assert labels.text.startswith("4 pairs of near copies have different labels: 0.jpg and 1.jpg; 2.jpg and 3.jpg;")
    assert "; and 1 more. One of the two may be wrong: look at the photos, and correct it." in labels.text


def test_one_split_is_not_claimed_if_a_pair_is_in_two():
    groups = {"a": "north", "b": None, "c": "south"}  # "b" joins one of the groups, and its other copy stays apart
    splits = {"a": "train", "b": "train", "c": "test"}
    photos = tuple(replace(make(name, splits[name]), group=group) for name, group in groups.items())
    near_copies = group_near_copies([pair("a", "b"), pair("b", "c")], 3, groups)
    pictures, across = list_near_copy_notes(near_copies, Catalog(photos))
    assert "one split" not in pictures.text
    assert across.text.startswith("1 test photo has a near copy in training")


def test_different_groups_are_said_to_stay_apart():
    groups = {"a": "north", "b": "south", "c": None, "d": "south"}
    photos = tuple(replace(make(name, "train"), group=group) for name, group in groups.items())
    near_copies = group_near_copies([pair("a", "b"), pair("b", "c"), pair("b", "d")], 4, groups)
    (note,) = list_near_copy_notes(near_copies, Catalog(photos))
    assert note.text.endswith(
        "1 pair has photos of two of your groups. Groups are not joined, so these photos may be in two splits."
    )
    near_copies = group_near_copies([pair("a", "b")], 4, groups)
    (note,) = list_near_copy_notes(near_copies, Catalog(photos))
    assert "taken within a moment). 1 pair has photos" in note.text


def test_a_chain_is_said_aloud():
    photos = tuple(make(f"{n}", "train", is_drawn=True) for n in range(2))
    near_copies = NearCopies((pair("0", "1"),), {"0": "0", "1": "0"}, is_chained=True)
    copies, chain = list_near_copy_notes(near_copies, Catalog(photos))
    assert (copies.code, chain.code) == ("near-copies", "near-copies-chained")
    assert "picture" not in copies.text
    assert "one split" not in copies.text


def test_a_scene_that_most_photos_show_is_told():
    (note,) = note_common(np.arange(100) < 60)
    assert (note.code, note.severity) == ("near-copies-common", "info")
    assert note.text.startswith("60 photos of 100 show one scene or a few")
    assert note_common(np.arange(100) < 40) == []
    assert note_common(np.zeros(0, bool)) == []
