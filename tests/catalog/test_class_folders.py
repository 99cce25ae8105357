"""The level of the classes is found through the folders around it."""

import pytest

from headstart.catalog.class_folders import find_class_level, find_home, list_inner_classes
from headstart.catalog.folder_tree import PhotoTree
from headstart.catalog.walk import walk_folder


@pytest.fixture
def plant(lay):
    return lambda layout: PhotoTree(walk_folder(lay(layout))[0])


@pytest.mark.parametrize(
    ("layout", "home"),
    [
        ({"a/b/cats": 1, "a/b/dogs": 1}, "a/b"),
        ({"cats": 1, "dogs": 1}, ""),
        ({"a/cats": 1, "a/dogs": 1, "a/1.jpg": b"x"}, ""),
        ({"test/cats": 1, "test/dogs": 1}, ""),
        ({"data/cats": 1, "data/dogs": 1, "docs/guide.md": b"x"}, "data"),
    ],
)
def test_the_layout_begins_at_the_only_folder_with_folders(plant, layout, home):
    assert find_home(plant(layout)) == home


@pytest.mark.parametrize(
    ("layout", "known", "level"),
    [
        ({"test/cats": 1}, {"cats"}, "test"),
        ({"test/cats/deep": 1}, {"cats"}, "test"),
        ({"test/images/cats": 1}, {"cats"}, "test/images"),
        ({"test/images/owls": 1}, {"cats"}, "test"),
        ({"test/Test/owls": 1}, {"cats"}, "test/Test"),
        ({"test/test": 3}, {"cats"}, "test/test"),
        ({"test/cats/cats": 1}, {"cats"}, "test"),
        ({"test/images/cats": 1}, None, "test/images"),
        ({"test/images": 1}, None, "test"),
    ],
)
def test_a_folder_in_a_split_is_entered_if_it_only_holds_the_classes(plant, layout, known, level):
    assert find_class_level(plant(layout), "test", None if known is None else frozenset(known)) == level


def test_inner_classes_are_the_folders_with_photos(plant):
    found = list_inner_classes(plant({"x/cats": 1, "y/train/dogs": 1, "owls/val": 1, "test": 1, "cats/cats": 1}))
    assert found.classes == {
        "x/cats": (None, "cats"),
        "y/train/dogs": ("train", "dogs"),
        "owls/val": ("validation", "owls"),
        "cats/cats": (None, "cats"),
    }
    assert found.splits == {"train": "train", "val": "validation"}
