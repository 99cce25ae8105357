"""Read a folder of photos: find which of its folders are splits, which are classes, and their files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from headstart.catalog.class_folders import (
    ClassFolders,
    find_class_level,
    find_home,
    list_inner_classes,
    refuse_unclear_classes,
)
from headstart.catalog.classes import clean_label, name_classes
from headstart.catalog.folder_tree import PhotoTree, list_parents, name_last
from headstart.catalog.photo import SPLITS, Skip
from headstart.catalog.source_listing import ListedPhoto, SourceListing
from headstart.catalog.split import KEEP_ALL, SYNONYMS, parse_framed_splits, parse_split, plan_folders
from headstart.catalog.tool_folders import drop_tool_folders
from headstart.catalog.walk import join_names, walk_folder
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.pixels.file_format import is_photo_name

ADVICE = "Put each class in a folder of its own, such as {0}/cats/ and {0}/dogs/."
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar")


def read_folder(
    root: Path, *, is_for_training: bool = True, layout: str = "auto", is_alone: bool = True,
    known: frozenset[str] = frozenset(),
) -> SourceListing:  # fmt: skip
    """List the photos of a folder that has one of the known layouts.

    Training needs at least two classes with photos to train on; evaluation, and a folder beside other sources
    (``is_alone`` is False), needs one class folder. CatalogError is raised if the folder has none of the layouts, or if
    it is unclear which folders are the classes.

    Parameters
    ----------
    layout
        ``outer``: the outermost folders, or those in the folders of the splits, are the classes. ``inner``: the folders
        that hold the photos are. ``auto``: the outermost, if that is clear.
    known
        Names of classes that other sources have: a folder of such a name is a class.
    """
    folders, skipped = walk_folder(root)
    folders, written, notes = drop_tool_folders(root, folders)
    tree = PhotoTree(folders)
    skipped += written
    _refuse_without_photos(root, tree, skipped)
    if layout == "inner":
        found = list_inner_classes(tree)
        _check_splits(root, found.splits, is_for_training and is_alone)
    else:
        home = find_home(tree, known)
        notes += [Note("layout", f"The photos are in '{home}/', the only folder with photos.")] if home else []
        found = _list_classes(root, tree, home, notes, is_for_training and is_alone)
    if layout == "auto":
        unknown = {folder: name for folder, (_, name) in found.classes.items() if name not in known}
        refuse_unclear_classes(root, tree, unknown)
    given = set(found.splits.values())
    if is_for_training:
        notes.append(Note("layout", _describe_layout(found.splits)))
        if given == {"train"}:  # without other splits, train/ means all photos
            found = ClassFolders({folder: (None, name) for folder, (_, name) in found.classes.items()}, found.splits)
    photos = _list_photos(root, tree, found.classes)
    labels = {_make_label(name) for _, name in found.classes.values()}
    trained = {_make_label(name) for split, name in found.classes.values() if split in ("train", None)}
    loose = _list_loose(root, tree, found)
    if is_for_training and (len(trained) < 2 if is_alone else not labels):
        raise CatalogError(_describe_shortage(root, trained, len(loose), 2 if is_alone else 1))
    plan = plan_folders(given) if is_for_training else KEEP_ALL
    return SourceListing(root, photos, labels=frozenset(labels), plan=plan, skipped=[*skipped, *loose], notes=notes)


def _refuse_without_photos(root: Path, tree: PhotoTree, skipped: list[Skip]) -> None:
    if not tree.has_named:
        packed = [
            f"'{join_names(path, name)}'"
            for path, folder in tree.folders.items() for name in folder.files if name.casefold().endswith(ARCHIVES)
        ]  # fmt: skip
        if packed:
            more = f" and {len(packed) - 5:,} more" if len(packed) > 5 else ""
            raise CatalogError(
                f"Cannot scan '{root}/': got archives and no photos ({', '.join(packed[:5])}{more}), need folders of "
                "photos. Unpack them first, each into a folder of its own."
            )
    if not tree.direct:
        reason = f"; {skipped[0].path} {skipped[0].reason}" if skipped else ""
        raise CatalogError(f"Cannot scan '{root}/': got an empty folder{reason}, need photos. {ADVICE.format(root)}")


def _list_classes(root: Path, tree: PhotoTree, home: str, notes: list[Note], is_for_training: bool) -> ClassFolders:
    """Return the class folders below a folder. A note is added for each split without class folders."""
    named = _find_split_folders(root, tree, home, is_for_training)
    classes: dict[str, tuple[str | None, str]] = {}
    splits: dict[str, str] = {}
    known = None
    for folder, split in sorted(named.items(), key=lambda item: SPLITS.index(item[1])):  # train tells the names
        level = find_class_level(tree, folder, known)
        names = tree[level].folders
        if split == "train":
            known = frozenset(names)
        if names:
            splits[level] = split
            classes |= {join_names(level, name): (split, name) for name in names}
        elif split == "train":
            raise CatalogError(
                f"Cannot scan '{root}/': got no class folder in '{level}' ({len(tree[level].files):,} files), need one "
                f"for each class. {ADVICE.format(root / level)}"
            )
        else:
            text = f"Nothing in '{level}/' has a label: there are no class folders in it."
            notes.append(Note("unlabelled-folder", text, "warning"))
    if splits:
        return ClassFolders(classes, splits)
    _refuse_splits_inside_classes(root, tree, home)
    return ClassFolders({join_names(home, name): (None, name) for name in tree[home].folders})


def _find_split_folders(root: Path, tree: PhotoTree, home: str, is_for_training: bool) -> dict[str, str]:
    """Return the split of each folder that stands for one; empty if there are only class folders.

    Beside other folders, a folder named like a split may be a class (train beside car). It is a split if it holds
    folders. Names such as x_train and x_test are splits if no photo lies directly in them.
    """
    names = tree[home].folders
    named = {name: split for name in names if (split := parse_split(name)) is not None}
    if len(named) < len(names):
        named = {name: split for name, split in named.items() if tree[join_names(home, name)].folders}
    if not named:
        framed = parse_framed_splits(names)
        if tree.direct.isdisjoint(join_names(home, name) for name in framed):
            named = framed
    found = {join_names(home, name): split for name, split in named.items()}
    _check_splits(root, found, is_for_training)
    return found


def _check_splits(root: Path, splits: Mapping[str, str], is_for_training: bool) -> None:
    """Raise CatalogError if two folders are named like one split, or none is to train on."""
    problems = []
    for split in SPLITS:
        twins = [f"'{name_last(folder)}'" for folder in splits if splits[folder] == split]
        if len(twins) > 1:
            problems.append(f"got {len(twins)} folders for {split} ({', '.join(twins)}), need one")
    if splits and "train" not in splits.values() and is_for_training:
        named = name_classes(map(name_last, splits))
        problems.append(f"got {named} without a folder to train on, need one ({', '.join(SYNONYMS['train'])})")
    if problems:
        raise CatalogError(
            f"Cannot scan '{root}/': {'; '.join(problems)}. Correct the names of the folders, or scan one that "
            "holds class folders, which is then split at random."
        )


def _refuse_splits_inside_classes(root: Path, tree: PhotoTree, home: str) -> None:
    for name in tree[home].folders:
        inside = {inner: parse_split(inner) for inner in tree[join_names(home, name)].folders}
        if "train" in inside.values() and {"validation", "test"} & set(inside.values()):
            first = next(inner for inner, split in inside.items() if split == "train")
            raise CatalogError(
                f"Cannot scan '{root}/': got the splits inside the class folders ('{name}/{first}'), need the classes "
                f"inside the splits ('{first}/{name}'). Give --layout inner, or move the folders."
            )


def _list_photos(root: Path, tree: PhotoTree, classes: Mapping[str, tuple[str | None, str]]) -> list[ListedPhoto]:
    """List the files of the class folders and of the folders below them, sorted by name."""
    owners = {folder: (split, _make_label(name)) for folder, (split, name) in classes.items()}
    photos = []
    for folder, inside in tree.folders.items():
        owner = next((path for path in (folder, *list_parents(folder)) if path in owners), None)
        if owner is not None:
            split, label = owners[owner]
            # joined once per folder: a `Path` for each file takes as long as a look-up of the file
            place = str(root / folder / "_").removesuffix("_")
            photos += [ListedPhoto(place + name, label, split) for name in inside.files]
    return photos


def _list_loose(root: Path, tree: PhotoTree, found: ClassFolders) -> list[Skip]:
    """List the photos outside all class folders."""
    outside = "outside the folders of the splits" if found.splits else "outside the class folders"
    loose = []
    for folder, inside in tree.folders.items():
        if not found.classes.keys().isdisjoint((folder, *list_parents(folder))):
            continue
        is_beside = any(join_names(folder, name) in found.classes for name in inside.folders)
        reason = "lies next to the class folders" if is_beside else f"lies {outside}"
        named = filter(is_photo_name, inside.files)
        loose += [Skip(root / folder / name, f"{reason}, so it has no label") for name in named]
    return loose


def _make_label(name: str) -> str:
    label = clean_label(name)
    if label is None:
        raise CatalogError(
            f"Cannot scan class folder {name!a}: its name has characters that cannot be shown, need plain text. "
            "Rename the folder."
        )
    return label


def _describe_layout(splits: Mapping[str, str]) -> str:
    shown = ", ".join(f"{folder}/" for folder in sorted(splits, key=lambda folder: SPLITS.index(splits[folder])))
    where = "class folders" if not splits else f"class folders in {shown}" if len(splits) == 1 else shown
    return f"Read as {where}."


def _describe_shortage(root: Path, labels: set[str], n_loose: int, n_needed: int) -> str:
    got = f"{len(labels) or 'no'} class folder{f' ({name_classes(labels)})' if labels else ''}"
    loose = f" and {n_loose:,} photo{'' if n_loose == 1 else 's'} outside" if n_loose else ""
    needed = f"at least {n_needed} class folder{'' if n_needed == 1 else 's'}"
    return f"Cannot scan '{root}/': got {got}{loose}, need {needed}. {ADVICE.format(root)}"
