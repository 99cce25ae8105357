"""A folder tree, and which of its folders hold photos. No file is opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property

from headstart.catalog.walk import Folder, join_names
from headstart.pixels.file_format import is_photo_name


class PhotoTree:
    """The folders of `walk_folder`, by path relative to the root.

    A file counts as a photo if it is named like one. If no file in the tree is, every file counts: photos without a
    suffix are known by their content.

    Attributes
    ----------
    folders
        Folders by path.
    has_named
        Whether a file is named like a photo.
    """

    def __init__(self, folders: Mapping[str, Folder]) -> None:
        self.folders = folders
        self.has_named = any(is_photo_name(name) for folder in folders.values() for name in folder.files)

    def __getitem__(self, name: str) -> Folder:
        return self.folders[name]

    @cached_property
    def direct(self) -> frozenset[str]:
        """Folders that hold a photo themselves."""
        return frozenset(name for name, folder in self.folders.items() if any(map(self.is_photo, folder.files)))

    @cached_property
    def filled(self) -> frozenset[str]:
        """Folders that hold a photo, themselves or in a folder below."""
        return _add_parents(self.direct)

    @cached_property
    def _used(self) -> frozenset[str]:
        """Folders that hold a file of any kind, themselves or below."""
        return _add_parents(name for name, folder in self.folders.items() if folder.files)

    def is_photo(self, name: str) -> bool:
        """Return whether a file counts as a photo."""
        return not self.has_named or is_photo_name(name)

    def list_filled(self, folder: str) -> list[str]:
        """Return the paths of the folders in a folder that hold photos, themselves or below."""
        return [path for name in self[folder].folders if (path := join_names(folder, name)) in self.filled]

    def find_only_filled(self, folder: str) -> str | None:
        """Return the only folder in a folder that holds photos, or None.

        Folders that hold only other files, such as documents or code, do not count. Empty ones do: each may be a class
        whose photos are missing.
        """
        inside = [join_names(folder, name) for name in self[folder].folders]
        able = [path for path in inside if path in self.filled or path not in self._used]
        return able[0] if len(able) == 1 and able[0] in self.filled else None

    @cached_property
    def _n_photos(self) -> Counter[str]:
        """Number of photos in each folder and below it: one sum for each would take minutes for 10,000 classes."""
        n_photos: Counter[str] = Counter()
        for name in self.direct:
            n_inside = sum(map(self.is_photo, self[name].files))
            for place in (name, *list_parents(name)):
                n_photos[place] += n_inside
        return n_photos

    def count_photos(self, top: str) -> int:
        """Return the number of photos in a folder and below it."""
        return self._n_photos[top]


def name_last(path: str) -> str:
    """Return the last name of a path with slashes."""
    return path.rpartition("/")[2]


def list_parents(path: str) -> Iterator[str]:
    """Yield the paths of the folders above a folder, the nearest first; the last is ``""``."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def _add_parents(paths: Iterator[str] | frozenset[str]) -> frozenset[str]:
    found: set[str] = set()
    for path in paths:
        found.add(path)
        for above in list_parents(path):
            if above in found:
                break
            found.add(above)
    return frozenset(found)
