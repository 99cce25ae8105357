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
    assert list(map(str, found.notes)) == ["Read as class folders."]


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
    assert found.notes[0].text.startswith(f"Read as {train}/, {other}/.")


def test_three_splits_are_kept(lay):
    found = read_folder(lay({f"{side}/{label}": 1 for side in ("test", "train", "valid") for label in ("a", "b")}))
    assert {c.split for c in found.photos} == {"train", "validation", "test"}
    assert found.plan == SplitPlan()
    assert list(map(str, found.notes)) == ["Read as train/, valid/, test/."]


def test_a_lone_train_folder_is_split_at_random(lay):
    found = read_folder(lay({"train/cats": 1, "train/dogs": 1, "notes/old": 1}))
    assert {c.split for c in found.photos} == {None}
    assert found.plan == plan_folders(set())
    assert list(map(str, found.notes)) == ["Read as class folders in train/."]
    assert [skip.reason for skip in found.skipped] == ["lies outside the folders of the splits, so it has no label"]


@pytest.mark.parametrize("inner", ["pets", "a/b", "train"])
def test_a_single_folder_around_the_layout_is_entered(lay, inner):
    found = read_folder(lay({f"{inner}/cats": 1, f"{inner}/dogs": 1, "readme.txt": b"hello", "__MACOSX/x": 1}))
    assert found.labels == {"cats", "dogs"}
    assert str(found.notes[0]) == f"The photos are in '{inner}/', the only folder with photos."
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


def both(places, labels=("cats", "dogs"), n=2):
    """The layout in which each of the places holds the class folders."""
    return {f"{place}/{label}": n for place in places for label in labels}


@pytest.mark.parametrize(
    "places",
    [
        ("training_set/training_set", "test_set/test_set"),
        ("Train", "Val/val"),
        ("train/images", "test/images"),
        ("train/a/b", "test"),
        ("x_train/x_train", "x_test/x_test"),
        ("seg_train", "seg_test/seg_test"),
        ("TrainImages", "TestImages"),
        ("images/train", "images/val"),
        ("dataset/data/train", "dataset/data/test"),
        ("pets/pets/train/train", "pets/pets/test/test"),
    ],
)
def test_folders_around_the_class_folders_are_entered(lay, places):
    found = read_folder(lay(both(places)))
    assert found.labels == {"cats", "dogs"}
    assert {(Path(c.file).parent.parent.relative_to(found.root).as_posix(), c.split) for c in found.photos} == {
        (places[0], "train"),
        (places[1], "test" if "test" in places[1].casefold() else "validation"),
    }
    assert f"Read as {places[0]}/, {places[1]}/" in str(found.notes[-1])


def test_files_that_are_no_photos_beside_the_layout_do_not_matter(lay):
    text = b"hello"
    others = {"README.md": text, "labels.csv": text, "docs/guide.md": text, "src/app/main.py": text, ".git/HEAD": text}
    found = read_folder(lay(both(["data"]) | others))
    assert found.labels == {"cats", "dogs"}
    assert found.skipped == []
    assert str(found.notes[0]) == "The photos are in 'data/', the only folder with photos."


def test_an_empty_folder_may_be_a_class_so_the_one_beside_it_is_not_entered(lay):
    with pytest.raises(
        CatalogError, match=r"got folders with their photos in folders below: 'cats/' \(photos in 'new'"
    ):
        read_folder(lay({"cats/new": 2, "cats/old": 2, "dogs": 0}))


def test_a_flat_test_folder_of_the_same_name_has_no_labels(lay):
    found = read_folder(lay(both(["abc_train/abc_train"]) | {"abc_test/abc_test": 3}))
    assert {c.split for c in found.photos} == {None}
    assert str(found.notes[0]) == "Nothing in 'abc_test/abc_test/' has a label: there are no class folders in it."
    assert len(found.skipped) == 3


def test_folders_of_tools_are_left_out_with_a_note(lay):
    found = read_folder(lay({"cats": 2, "dogs": 2, "runs/classify/train": 4, "wandb/latest-run/files": 1}))
    assert found.labels == {"cats", "dogs"}
    assert [str(note) for note in found.notes if note.code == "tool-folder"] == [
        "Left out, because tools write folders of these names: 'runs/' (4 photos), 'wandb/' (1 photo). If one is a "
        "class, rename it."
    ]
    assert [skip.path.name for skip in found.skipped] == ["runs", "wandb"]


def test_splits_beside_a_folder_of_a_tool_are_splits(lay):
    found = read_folder(lay(both(["train", "val"]) | {"runs/exp/views": 2}))
    assert {c.split for c in found.photos} == {"train", "validation"}


@pytest.mark.parametrize(
    ("layout", "taken"),
    [
        (both(["2023", "2024"]), "the classes '2023', '2024', --layout inner for 'cats', 'dogs'"),
        (both(["data"]) | {"docs": 2}, "'data', 'docs', --layout inner for 'cats', 'docs', 'dogs', or scan '.*/data'"),
        (both(["data", "more", "runs/exp"]), "the classes 'data', 'more', --layout inner for 'cats', 'dogs'"),
        ({"cats/anna": 2, "cats/bob": 2, "dogs/carl": 2, "dogs/dora": 2}, "the classes 'cats', 'dogs', --layout inner"),
        ({"a/x": 3, "a/y": 3, "a": 1, "b/x": 3, "b/y": 3, "b": 1}, "the classes 'a', 'b', --layout inner for 'a', 'b'"),
        (both(["train/2023", "train/2024", "test/2023"]), "'2023', '2024', --layout inner for 'cats', 'dogs'"),
        (both(["flowers", "flowers/flowers"]), "--layout inner for 'cats', 'dogs', or scan '.*/flowers/flowers' alone"),
    ],
)
def test_folders_that_may_only_hold_the_classes_are_refused(lay, layout, taken):
    with pytest.raises(CatalogError, match=f"need to know which folders are the classes.*{taken}"):
        read_folder(lay(layout))


def test_a_layout_is_taken_as_told(lay):
    root = lay(both(["2023", "2024"]))
    assert read_folder(root, layout="outer").labels == {"2023", "2024"}
    assert read_folder(root, layout="inner").labels == {"cats", "dogs"}
    assert len(read_folder(root, layout="inner").photos) == len(read_folder(root, layout="outer").photos) == 8


def test_inner_class_folders_keep_the_splits_above_and_below(lay):
    found = read_folder(lay(both(["a/train", "b/train"]) | {"cats/test": 2, "dogs/test": 1}), layout="inner")
    assert {(label, split) for label, split, _ in rows(found)} == {
        (label, split) for label in ("cats", "dogs") for split in ("train", "test")
    }
    assert len(found.photos) == 11
    assert str(found.notes[-1]).startswith("Read as train/, test/.")


@pytest.mark.parametrize(
    "layout",
    [
        {"cats/images": 2, "dogs/images": 2},
        {"cats": 9, "cats/front": 1, "cats/back": 1, "dogs": 9, "dogs/front": 1, "dogs/back": 1},
        {"cats": 1, "cats/augmented": 9, "dogs": 1, "dogs/augmented": 9},
    ],
)
def test_clear_class_folders_with_deeper_photos_are_classes(lay, layout):
    found = read_folder(lay(layout))
    assert found.labels == {"cats", "dogs"}
    assert len(found.photos) == sum(layout.values())


@pytest.mark.parametrize("name", ["cats.zip", "cats.rar", "cats.7z", "cats.ZIP"])
def test_a_folder_of_archives_is_refused(lay, name):
    got = rf"got archives and no photos \('{name}', 'dogs/more.zip'\)"
    with pytest.raises(CatalogError, match=rf"{got}, need folders of photos. Unpack them first"):
        read_folder(lay({name: b"PK", "dogs/more.zip": b"PK", "readme.txt": b"hello"}))


def test_archives_beside_the_photos_do_not_matter(lay):
    assert read_folder(lay({"cats": 1, "dogs": 1, "pets.zip": b"PK"})).labels == {"cats", "dogs"}


def test_photos_without_suffixes_are_found_in_their_layout(lay):
    photo = b"\xff\xd8\xff"
    found = read_folder(lay({f"train/train/{label}/{n}": photo for label in "ab" for n in range(2)}))
    assert [c.label for c in found.photos] == ["a", "a", "b", "b"]
