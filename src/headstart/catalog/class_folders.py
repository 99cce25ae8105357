"""Find the folders of a tree that stand for classes, through the folders that archives and tools put around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headstart.catalog.classes import name_classes
from headstart.catalog.folder_tree import PhotoTree, name_last
from headstart.catalog.split import parse_split
from headstart.errors import CatalogError

LAYOUTS = ("auto", "outer", "inner")
N_NAMED = 4  # unclear folders that an error names; the others are counted


@dataclass(frozen=True)
class ClassFolders:
    """The class folders of a source.

    Attributes
    ----------
    classes
        Split (None: to be drawn) and class name by folder. No class folder of ``auto`` or ``outer`` is in another one.
    splits
        Split by the folder that holds its class folders (of ``inner``: by its name); empty if there are only class
        folders.
    """

    classes: dict[str, tuple[str | None, str]]
    splits: dict[str, str] = field(default_factory=dict)


def find_home(tree: PhotoTree, known: frozenset[str] = frozenset()) -> str:
    """Return the folder where the layout begins, mostly ``""``: unpacking an archive often adds a level or two.

    A folder with the name of a ``known`` class is a class, unless it holds folders of such names itself.
    """
    home = ""
    while (inner := tree.find_only_filled(home)) is not None:
        is_layout = bool(tree[inner].folders) and inner not in tree.direct
        if name_last(inner) in known and known.isdisjoint(tree[inner].folders):
            break
        if not is_layout or parse_split(name_last(inner)) in ("validation", "test"):
            break
        home = inner
    return home


def find_class_level(tree: PhotoTree, folder: str, known: frozenset[str] | None) -> str:
    """Return the folder that holds the class folders of a split: the split's folder, or one that was put into it.

    A folder inside it is entered if nothing else there holds photos, and if its name is that of the split's folder
    (``training_set/training_set/cats``), or it has folders named like the known classes. Of the training split,
    ``known`` is None: there every such folder with folders is entered, because one class cannot be trained on.
    """
    while folder not in tree.direct and (inner := tree.find_only_filled(folder)) is not None:
        own, above = name_last(inner), name_last(folder)
        is_doubled = own.casefold() == above.casefold() or parse_split(own) is not None
        if is_doubled and inner in tree.direct:
            return inner  # photos without class folders
        is_around = known is None or (own not in known and not known.isdisjoint(tree[inner].folders))
        if inner in tree.direct or not tree[inner].folders or not (is_doubled or is_around):
            break
        folder = inner
    return folder


def list_inner_classes(tree: PhotoTree) -> ClassFolders:
    """Take each folder that holds photos as a class of its own name.

    Names of splits are no class: the nearest other name on the path is the class, and the nearest split is the split.
    """
    classes: dict[str, tuple[str | None, str]] = {}
    splits: dict[str, str] = {}
    for folder in sorted(tree.direct):
        names = folder.split("/")[::-1] if folder else []
        label = next((name for name in names if parse_split(name) is None), None)
        named = next((name for name in names if parse_split(name) is not None), "")
        split = parse_split(named)
        if label is not None:
            classes[folder] = split, label
            if split is not None:
                splits[named] = split
    return ClassFolders(classes, splits)


def refuse_unclear_classes(root: Path, tree: PhotoTree, classes: Mapping[str, object]) -> None:
    """Raise CatalogError if folders that look like classes may only hold the classes.

    This is so if a folder has photos only in several folders below it, or if the same names are below several folders
    and most of their photos are there, too.
    """
    unclear = [folder for folder in classes if _branches(tree, folder)] or _find_repeating(tree, classes)
    if not unclear:
        return
    told = [f"'{folder}/' (photos in {name_classes(_list_inner_names(tree, folder))})" for folder in unclear[:N_NAMED]]
    more = f" and {len(unclear) - N_NAMED:,} more" if len(unclear) > N_NAMED else ""
    inner = {name for _, name in list_inner_classes(tree).classes.values()}
    outer = {name_last(folder) for folder in classes if folder in tree.filled}
    place = f", or scan '{root / unclear[0]}' alone" if len(unclear) < len(outer) else ""
    raise CatalogError(
        f"Cannot scan '{root}/': got folders with their photos in folders below: {', '.join(told)}{more}; need to know "
        f"which folders are the classes. Give --layout outer for the classes {name_classes(outer)}, --layout inner for "
        f"{name_classes(inner)}{place}."
    )


def _branches(tree: PhotoTree, folder: str) -> bool:
    """Return whether a folder has no photo itself, and several folders that have some. Single ones are entered."""
    while folder not in tree.direct:
        filled = tree.list_filled(folder)
        if len(filled) != 1:
            return len(filled) > 1
        folder = filled[0]
    return False


def _find_repeating(tree: PhotoTree, classes: Mapping[str, object]) -> list[str]:
    """Return the class folders that share names of folders, if most of their photos are in these."""
    inside = {folder: set(_list_inner_names(tree, folder)) for folder in classes}
    counts = Counter(name for names in inside.values() for name in names)
    repeated = {name for name, n in counts.items() if n > 1}
    if len(repeated) < 2:  # one name, such as augmented/, is no set of classes
        return []
    folders = [folder for folder, names in inside.items() if names & repeated]
    n_direct = sum(sum(map(tree.is_photo, tree[folder].files)) for folder in folders)
    return folders if n_direct < sum(map(tree.count_photos, folders)) - n_direct else []


def _list_inner_names(tree: PhotoTree, folder: str) -> list[str]:
    """Return the names of the folders with photos in a folder, or in the only folder there."""
    while folder not in tree.direct and len(tree.list_filled(folder)) == 1:
        folder = tree.list_filled(folder)[0]
    return [name_last(path) for path in tree.list_filled(folder)]
