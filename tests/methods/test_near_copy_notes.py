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
    groups, validation, test = list_near_copy_notes(near_copies, Catalog(photos))
    assert "in 1 group." in groups.text
    assert "one split" not in groups.text
    assert validation.text == "1 validation photo has a near copy in training: d.jpg (as a.jpg)."
    assert test.text == (
        "1 test photo has a near copy in training: b.jpg (as a.jpg). metrics.json has the accuracy without them."
    )
    assert (test.code, test.severity) == ("near-copies-across", "warning")


def test_other_labels_are_named_up_to_three_pairs():
    names = [f"{n}" for n in range(8)]
    photos = tuple(make(name, "train", "cats" if n % 2 else "dogs", is_drawn=True) for n, name in enumerate(names))
    near_copies = group_near_copies([pair(f"{n}", f"{n + 1}") for n in range(0, 8, 2)], 8)
    groups, labels = list_near_copy_notes(near_copies, Catalog(photos))
    assert groups.text.endswith("in 4 groups. Each group is in one split.")
    assert labels.code == "near-copy-labels"
    assert "The near copies of 4 pairs have different labels: 0.jpg (as 1.jpg)" in labels.text
    assert "and 1 more. One of the two may be wrong: correct it." in labels.text


def test_different_groups_are_said_to_stay_apart():
    groups = {"a": "north", "b": "south", "c": None, "d": "south"}
    photos = tuple(replace(make(name, "train"), group=group) for name, group in groups.items())
    near_copies = group_near_copies([pair("a", "b"), pair("b", "c"), pair("b", "d")], 4, groups)
    (note,) = list_near_copy_notes(near_copies, Catalog(photos))
    assert note.text.endswith(
        "in 1 group. Each group is in one split. The photos of 1 pair have different groups. These groups are not "
        "joined."
    )
    near_copies = group_near_copies([pair("a", "b")], 4, groups)
    (note,) = list_near_copy_notes(near_copies, Catalog(photos))
    assert "taken within a moment). The photos of 1 pair" in note.text


def test_a_chain_is_said_aloud():
    photos = tuple(make(f"{n}", "train", is_drawn=True) for n in range(2))
    near_copies = NearCopies((pair("0", "1"),), {"0": "0", "1": "0"}, is_chained=True)
    assert [note.code for note in list_near_copy_notes(near_copies, Catalog(photos))] == [
        "near-copies", "near-copies-chained"
    ]  # fmt: skip


def test_a_scene_that_most_photos_show_is_told():
    (note,) = note_common(np.arange(100) < 60)
    assert (note.code, note.severity) == ("near-copies-common", "info")
    assert note.text.startswith("60 photos of 100 show one scene or a few")
    assert note_common(np.arange(100) < 40) == []
    assert note_common(np.zeros(0, bool)) == []
