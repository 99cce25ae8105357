"""Read a folder of photos: find which of its folders are splits, which are classes, and their files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from headstart.catalog.classes import clean_label, name_classes
from headstart.catalog.photo import SPLITS, Skip
from headstart.catalog.source_listing import ListedPhoto, SourceListing
from headstart.catalog.split import KEEP_ALL, SYNONYMS, parse_split, plan_folders
from headstart.catalog.walk import Folder, join_names, walk_folder
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.pixels.file_format import is_photo_name

Tree = Mapping[str, Folder]
Classes = dict[tuple[str | None, str], str]
"""Class folders, relative to the source, by split (None: to be drawn) and class name."""

ADVICE = "Put each class in a folder of its own, such as {0}/cats/ and {0}/dogs/."


def read_folder(root: Path, *, is_for_training: bool = True) -> SourceListing:
    """List the photos of a folder that has one of the known layouts.

    Training needs at least two classes with photos to train on; evaluation needs one class folder. CatalogError is
    raised if the folder has none of the layouts.
    """
    tree, skipped = walk_folder(root)
    if not any(folder.files for folder in tree.values()):
        reason = f"; {skipped[0].path} {skipped[0].reason}" if skipped else ""
        raise CatalogError(f"Cannot scan '{root}/': got an empty folder{reason}, need photos. {ADVICE.format(root)}")
    home = _step_into(tree)
    notes = [Note("layout", f"The photos are in '{home}/', the only folder in '{root}/'.")] if home else []
    split_folders = _find_split_folders(root, tree, home, is_for_training)
    for name, split in list(split_folders.items()):
        if split != "train" and not tree[join_names(home, name)].folders:
            text = f"Nothing in '{name}/' has a label: there are no class folders in it."
            notes.append(Note("unlabelled-folder", text, "warning"))
            del split_folders[name]
    given = set(split_folders.values())
    if not split_folders:
        _refuse_splits_inside_classes(root, tree, home)
        found: Classes = {(None, name): join_names(home, name) for name in tree[home].folders}
    else:
        found = _list_classes_by_split(root, tree, home, split_folders)
        if given == {"train"} and is_for_training:  # without other splits, train/ means all photos
            found = {(None, name): folder for (_, name), folder in found.items()}
    if is_for_training:
        notes.append(Note("layout", _describe_layout(split_folders)))
    photos = _list_photos(root, tree, found)
    labels = {_make_label(name) for _, name in found}
    trained = {_make_label(name) for split, name in found if split in ("train", None)}
    loose = _list_loose(root, tree, found.values(), split_folders)
    if is_for_training and len(trained) < 2:
        raise CatalogError(_describe_shortage(root, trained, len(loose)))
    plan = plan_folders(given) if is_for_training else KEEP_ALL
    return SourceListing(root, photos, labels=frozenset(labels), plan=plan, skipped=[*skipped, *loose], notes=notes)


def _step_into(tree: Tree) -> str:
    """Return the folder where the layout begins, mostly ``""``: unpacking an archive often adds a level or two."""
    home = ""
    while len(tree[home].folders) == 1:
        inner = join_names(home, tree[home].folders[0])
        is_layout = bool(tree[inner].folders) and not any(map(is_photo_name, tree[inner].files))
        if not is_layout or parse_split(tree[home].folders[0]) in ("validation", "test"):
            break
        home = inner
    return home


def _find_split_folders(root: Path, tree: Tree, home: str, is_for_training: bool) -> dict[str, str]:
    """Return the split of each folder that stands for one; empty if there are only class folders.

    Beside other folders, a folder named like a split may be a class (train beside car). It is a split if it holds
    folders.
    """
    named = {name: split for name in tree[home].folders if (split := parse_split(name)) is not None}
    if len(named) < len(tree[home].folders):
        named = {name: split for name, split in named.items() if tree[join_names(home, name)].folders}
    splits = set(named.values())
    problems = []
    for split in SPLITS:
        twins = [f"'{name}'" for name in named if named[name] == split]
        if len(twins) > 1:
            problems.append(f"got {len(twins)} folders for {split} ({', '.join(twins)}), need one")
    if splits and "train" not in splits and is_for_training:
        problems.append(
            f"got {name_classes(named)} without a folder to train on, need one ({', '.join(SYNONYMS['train'])})"
        )
    if problems:
        raise CatalogError(
            f"Cannot scan '{root}/': {'; '.join(problems)}. Correct the names of the folders, or scan one that "
            "holds class folders, which is then split at random."
        )
    return named


def _list_classes_by_split(root: Path, tree: Tree, home: str, split_folders: Mapping[str, str]) -> Classes:
    """Return the class folders by split and name."""
    found: Classes = {}
    for name, split in split_folders.items():
        folder = join_names(home, name)
        if not tree[folder].folders:
            raise CatalogError(
                f"Cannot scan '{root}/': got no class folder in '{name}' ({len(tree[folder].files):,} files), need one "
                f"for each class. {ADVICE.format(root / folder)}"
            )
        found |= {(split, label): join_names(folder, label) for label in tree[folder].folders}
    return found


def _refuse_splits_inside_classes(root: Path, tree: Tree, home: str) -> None:
    for name in tree[home].folders:
        inside = {inner: parse_split(inner) for inner in tree[join_names(home, name)].folders}
        if "train" in inside.values() and {"validation", "test"} & set(inside.values()):
            first = next(inner for inner, split in inside.items() if split == "train")
            raise CatalogError(
                f"Cannot scan '{root}/': got the splits inside the class folders ('{name}/{first}'), need the classes "
                f"inside the splits ('{first}/{name}'). Move the folders, or list the photos in a CSV."
            )


def _list_photos(root: Path, tree: Tree, found: Classes) -> list[ListedPhoto]:
    """List the files of the class folders and of the folders below them, sorted by name."""
    classes = {folder: (split, _make_label(name)) for (split, name), folder in found.items()}
    photos = []
    for folder, inside in tree.items():
        parts = folder.split("/")
        owner = next((owner for n in range(1, len(parts) + 1) if (owner := "/".join(parts[:n])) in classes), None)
        if owner is not None:
            split, label = classes[owner]
            # joined once per folder: a `Path` for each file takes as long as a look-up of the file
            place = str(root / folder / "_").removesuffix("_")
            photos += [ListedPhoto(place + name, label, split) for name in inside.files]
    return photos


def _list_loose(root: Path, tree: Tree, classes: Iterable[str], split_folders: Mapping[str, str]) -> list[Skip]:
    """List the files outside all class folders that are named like photos."""
    known = set(classes)
    outside = "outside the folders of the splits" if split_folders else "outside the class folders"
    loose = []
    for folder, inside in tree.items():
        parts = folder.split("/")
        if any("/".join(parts[:n]) in known for n in range(1, len(parts) + 1)):
            continue
        is_beside = any(join_names(folder, name) in known for name in inside.folders)
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


def _describe_layout(split_folders: Mapping[str, str]) -> str:
    shown = ", ".join(f"{name}/" for name in sorted(split_folders, key=lambda name: SPLITS.index(split_folders[name])))
    given = set(split_folders.values())
    if given == set(SPLITS):
        return f"Read as {shown}: the splits are taken as they are."
    if given == {"train", "validation"}:
        return f"Read as {shown}: 20% of the validation photos became the test set, drawn by the seed."
    if given == {"train", "test"}:
        return f"Read as {shown}: 20% of the training photos became the validation set, drawn by the seed."
    where = f"class folders in {shown}" if split_folders else "class folders"
    return f"Read as {where}: split 70/15/15 into train, validation and test, drawn by the seed."


def _describe_shortage(root: Path, labels: set[str], n_loose: int) -> str:
    got = f"{len(labels) or 'no'} class folder{f' ({name_classes(labels)})' if labels else ''}"
    loose = f" and {n_loose:,} photo{'' if n_loose == 1 else 's'} outside" if n_loose else ""
    return f"Cannot scan '{root}/': got {got}{loose}, need at least 2 class folders. {ADVICE.format(root)}"
