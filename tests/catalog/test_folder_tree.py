"""A tree tells which folders hold photos, themselves or below."""

import pytest

from headstart.catalog.folder_tree import PhotoTree, list_parents, name_last
from headstart.catalog.walk import Folder, walk_folder


@pytest.fixture
def plant(lay):
    return lambda layout: PhotoTree(walk_folder(lay(layout))[0])


def test_folders_with_photos_and_the_folders_above_them(plant):
    tree = plant({"a/b/c": 2, "a/d": 1, "e/notes.txt": b"x", "f": 0})
    assert tree.direct == {"a/b/c", "a/d"}
    assert tree.filled == {"", "a", "a/b", "a/b/c", "a/d"}
    assert tree.list_filled("a") == ["a/b", "a/d"]
    assert (tree.count_photos("a"), tree.count_photos(""), tree.count_photos("e")) == (3, 3, 0)


def test_the_only_folder_with_photos(plant):
    assert plant({"a": 1, "b/notes.txt": b"x"}).find_only_filled("") == "a"
    assert plant({"a": 1, "b": 1}).find_only_filled("") is None


def test_an_empty_folder_may_be_a_class(plant):
    tree = plant({"c/a": 1, "c/b/deep": 0, "d": 1})
    assert tree.find_only_filled("c") is None
    assert tree.find_only_filled("c/b") is None


def test_without_names_of_photos_every_file_counts(plant):
    assert plant({"a/1": b"x", "b/2": b"x"}).direct == {"a", "b"}
    assert plant({"a/1": b"x", "b/2.jpg": b"x"}).direct == {"b"}


def test_names_and_parents():
    assert (name_last("a/b"), name_last("a")) == ("b", "a")
    assert list(list_parents("a/b/c")) == ["a/b", "a", ""]
    assert list(list_parents("")) == []


def test_counting_in_many_folders_takes_one_pass():
    counted = []

    class CountingTree(PhotoTree):
        def is_photo(self, name: str) -> bool:
            counted.append(name)
            return super().is_photo(name)

    names = [f"class {number}" for number in range(200)]
    tree = CountingTree({"": Folder(names, [])} | {name: Folder([], ["1.jpg", "2.jpg"]) for name in names})
    assert [tree.count_photos(name) for name in names] == [2] * 200
    assert len(counted) < 5 * 200
