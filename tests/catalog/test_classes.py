"""Classes are matched by name, and missing ones give notes."""

import pytest

from headstart.catalog.classes import (
    N_DESCRIBED,
    clean_label,
    describe_unknown_labels,
    drop_untrained,
    name_classes,
    note_classes,
    note_empty,
    note_similar_names,
)


def test_classes_without_training_photos_are_left_out(make_photo):
    photos = [
        make_photo("a", "cats", "train"),
        make_photo("b", "owls", "validation"),
        make_photo("c", "owls", "test"),
        make_photo("d", "Cats", "test"),
    ]
    kept, skipped, notes = drop_untrained(photos)
    assert kept == photos[:1]
    assert [(skip.path.name, skip.reason) for skip in skipped] == [
        ("d", "class 'Cats' has no training photo"),
        ("b", "class 'owls' has no training photo"),
        ("c", "class 'owls' has no training photo"),
    ]
    assert list(map(str, notes)) == [
        "Class 'Cats' is in test but not in train: its 1 photo was left out. Did you mean 'cats'? Names are compared "
        "letter by letter.",
        "Class 'owls' is in validation and test but not in train: its 2 photos were left out.",
    ]


def test_complete_splits_give_no_note(make_photo):
    photos = [make_photo(split + label, label, split) for split in ("train", "validation", "test") for label in "ab"]
    assert drop_untrained(photos) == (photos, [], [])
    assert note_classes(photos) == []


def test_missing_and_single_classes_give_notes(make_photo):
    photos = [make_photo("1", "a", "train"), make_photo("2", "a", "test"), make_photo("3", "b", "train")]
    assert list(map(str, note_classes(photos))) == [
        "Only 1 photo each, which trains and cannot be judged: 'b'.",
        "No photo is in validation.",
        "Classes without a photo in test: 'b'.",
    ]


def test_empty_classes_give_a_note():
    (note,) = note_empty(["b", "a", "c"], {"c"})
    assert str(note) == "Classes without a usable photo, which were left out: 'a', 'b'."
    assert note_empty(["a"], {"a"}) == []


def test_long_lists_of_classes_are_shortened():
    assert name_classes(["a"]) == "'a'"
    assert name_classes(map(str, range(1005))).endswith("'1', '10', '100', '1000' and 1,000 more")


@pytest.mark.parametrize(
    ("name", "label"), [("cats", "cats"), ("", ""), (" a b ", "a b"), ("\udcff", None), ("a\nb", None), ("猫", "猫")]
)
def test_a_label_is_cleaned_or_refused(name, label):
    assert clean_label(name) == label


def test_unknown_labels_are_described_and_many_are_counted():
    many = {f"x{i}": 2 for i in range(N_DESCRIBED + 3)}
    lines = describe_unknown_labels(many, ["cats"])
    assert lines[0] == "2 photos of 'x0'"
    assert lines[N_DESCRIBED:] == ["6 photos of 3 more labels"]


def test_names_that_differ_in_case_alone_are_noted():
    assert note_similar_names(["cats", "dogs"]) == []
    (note,) = note_similar_names(["cat", "Dog", "Cat", "dog", "owl"])
    assert str(note).endswith("are different classes: 'Cat' and 'cat'; 'Dog' and 'dog'.")
