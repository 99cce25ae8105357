"""Every known layout is read, and others are refused with a clear message."""

from pathlib import Path

import pytest

from headstart.catalog.layouts import read_folder
from headstart.catalog.split import SYNONYMS, SplitPlan, plan_folders
from headstart.errors import CatalogError


def rows(found):
    """What was found, as text: label, split and path."""
    return sorted((c.label, c.split, Path(c.file).relative_to(found.root).as_posix()) for c in found.photos)


def test_class_folders_are_read(lay):
    found = read_folder(lay({"dogs": 1, "cats": 2}))
    assert rows(found) == [
        ("cats", None, "cats/000.jpg"),
        ("cats", None, "cats/001.jpg"),
        ("dogs", None, "dogs/000.jpg"),
    ]
    assert found.plan == plan_folders(set())
    assert found.labels == {"cats", "dogs"}
    assert list(map(str, found.notes)) == [
        "Read as class folders: split 70/15/15 into train, validation and test, drawn by the seed."
    ]


def test_photos_in_deeper_folders_belong_to_their_class(lay):
    found = read_folder(lay({"cats/old/very": 1, "cats": 1, "dogs/train": 1}))
    assert rows(found) == [
        ("cats", None, "cats/000.jpg"),
        ("cats", None, "cats/old/very/000.jpg"),
        ("dogs", None, "dogs/train/000.jpg"),
    ]


@pytest.mark.parametrize("train", [*SYNONYMS["train"], "TRAIN", "Training_Set"])
@pytest.mark.parametrize(("other", "split"), [("val", "validation"), ("Test_Set", "test")])
def test_two_splits_are_read(lay, train, other, split):
    found = read_folder(lay({f"{train}/cats": 1, f"{train}/dogs": 1, f"{other}/cats": 1, f"{other}/dogs": 1}))
    assert {(Path(c.file).relative_to(found.root).parts[0], c.split) for c in found.photos} == {
        (train, "train"),
        (other, split),
    }
    assert found.plan == plan_folders({"train", split})
    assert found.notes[0].text.startswith(f"Read as {train}/, {other}/: 20% of the ")


def test_three_splits_are_kept(lay):
    found = read_folder(lay({f"{side}/{label}": 1 for side in ("test", "train", "valid") for label in ("a", "b")}))
    assert {c.split for c in found.photos} == {"train", "validation", "test"}
    assert found.plan == SplitPlan()
    assert list(map(str, found.notes)) == ["Read as train/, valid/, test/: the splits are taken as they are."]


def test_a_lone_train_folder_is_split_at_random(lay):
    found = read_folder(lay({"train/cats": 1, "train/dogs": 1, "notes/old": 1}))
    assert {c.split for c in found.photos} == {None}
    assert found.plan == plan_folders(set())
    assert list(map(str, found.notes)) == [
        "Read as class folders in train/: split 70/15/15 into train, validation and test, drawn by the seed."
    ]
    assert [skip.reason for skip in found.skipped] == ["lies outside the folders of the splits, so it has no label"]


@pytest.mark.parametrize("inner", ["pets", "a/b", "train"])
def test_a_single_folder_around_the_layout_is_entered(lay, inner):
    found = read_folder(lay({f"{inner}/cats": 1, f"{inner}/dogs": 1, "readme.txt": b"hello", "__MACOSX/x": 1}))
    assert found.labels == {"cats", "dogs"}
    assert str(found.notes[0]) == f"The photos are in '{inner}/', the only folder in '{found.root}/'."
    assert found.skipped == []


def test_a_single_folder_around_splits_is_entered(lay):
    found = read_folder(lay({"data/train/a": 1, "data/train/b": 1, "data/val/a": 1, "data/val/b": 1}))
    assert {c.split for c in found.photos} == {"train", "validation"}
    assert found.labels == {"a", "b"}


def test_a_folder_train_beside_other_classes_is_a_class(lay):
    assert read_folder(lay({"train": 2, "car": 2, "test": 2})).labels == {"train", "car", "test"}


def test_photos_without_a_label_are_skipped_with_a_reason(lay):
    photo = b"\xff\xd8\xff"
    root = lay(
        {"train/cats": 1, "train/dogs": 1, "test/cats": 1, "train/x.jpg": photo, "y.JPG": photo, "labels.csv": b"x"}
    )
    skipped = {skip.path.relative_to(root).as_posix(): skip.reason for skip in read_folder(root).skipped}
    assert skipped == {
        "train/x.jpg": "lies next to the class folders, so it has no label",
        "y.JPG": "lies outside the folders of the splits, so it has no label",
    }


def test_a_test_folder_without_class_folders_is_left_out(lay):
    found = read_folder(lay({"train/cats": 1, "train/dogs": 1, "test": 3}))
    assert str(found.notes[0]) == "Nothing in 'test/' has a label: there are no class folders in it."
    assert found.plan == plan_folders(set())
    assert len(found.skipped) == 3


def test_classes_of_all_splits_are_announced(lay):
    found = read_folder(lay({"train/cats": 1, "train/dogs": 0, "test/cats": 1, "test/owls": 1}))
    assert found.labels == {"cats", "dogs", "owls"}


def test_one_name_in_two_unicode_forms_is_one_label(lay):
    found = read_folder(lay({"train/caf\u00e9": 1, "train/b": 1, "test/cafe\u0301": 1, "test/b": 1}))
    assert found.labels == {"b", "caf\u00e9"}


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ({}, "got an empty folder, need photos. Put each class in a folder"),
        ({"cats": 0, ".hidden": 3}, "got an empty folder"),
        (
            {"cats": 2},
            r"pets/': got 1 class folder \('cats'\), need at least 2 class folders. Put each class in a folder",
        ),
        ({"a.jpg": b"x", "b.jpg": b"x"}, "got no class folder and 2 photos outside, need at least 2"),
        ({"train/cats": 2, "test/cats": 1, "test/dogs": 1}, r"got 1 class folder \('cats'\), need at least 2"),
        ({"test/cats": 1, "test/dogs": 1}, r"got 'test' without a folder to train on, need one \(train, training, "),
        ({"val/cats": 1, "val/dogs": 1}, "got 'val' without a folder to train on"),
        ({"val/a": 1, "val/b": 1, "test/a": 1}, "got 'test', 'val' without a folder to train on"),
        ({"cats": 1, "dogs": 1, "test/cats": 1}, "got 'test' without a folder to train on"),
        (
            {"train/a": 1, "train/b": 1, "val/a": 1, "valid/a": 1},
            r"got 2 folders for validation \('val', 'valid'\), need one",
        ),
        (
            {"train": 3, "test": 3},
            r"got no class folder in 'train' \(3 files\), need one for each class. Put each class",
        ),
        ({"train": 3}, "got no class folder in 'train'"),
        (
            {"cats/train": 1, "cats/test": 1, "dogs/train": 1},
            r"inside the class folders \('cats/train'\).*'train/cats'",
        ),
    ],
)
def test_an_unknown_layout_is_refused_with_what_is_needed(lay, layout, message):
    with pytest.raises(CatalogError, match=message):
        read_folder(lay({"": 0} | layout))


def test_a_class_name_that_cannot_be_shown_is_refused(lay):
    with pytest.raises(CatalogError, match=r"Cannot scan class folder 'a\\x07b': .* Rename the folder"):
        read_folder(lay({"a\x07b": 1, "c": 1}))


def test_all_problems_are_in_one_message(lay):
    with pytest.raises(
        CatalogError, match=r"got 2 folders for test .* got 'test', 'testing' without a folder to train on"
    ):
        read_folder(lay({"test/a": 1, "testing/a": 1}))
