"""List the names in a folder tree. No file is opened."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from headstart.catalog.photo import Skip
from headstart.storage.remote_paths import RemotePath, open_file_system

# names that systems and programs leave behind; names with a leading dot are ignored, too
IGNORED = frozenset({"__macosx", "__pycache__", "@eadir", "thumbs.db", "desktop.ini", "lost+found"})

# files by which the folders of results are known: they hold figures, not photos
RESULTS = {
    frozenset({"model.onnx", "metrics.json"}): "a run that training wrote, not photos",
    frozenset({"audit.html", "audit.json"}): "an audit that headstart wrote, not photos",
}


@dataclass
class Folder:
    """Sorted names in a folder: of its folders, and of everything else."""

    folders: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def walk_folder(root: Path, depth: int | None = None) -> tuple[dict[str, Folder], list[Skip]]:
    """List a folder and all folders below it.

    Links to folders are followed, except to a folder that contains the link. The cost is one read per folder, or one
    request for a whole store (`RemotePath`).

    Parameters
    ----------
    depth
        Number of levels below the folder. None: all. For a store, only 0 or None.

    Returns
    -------
    The folders by path relative to ``root`` (with slashes; ``""`` is ``root`` itself), sorted, and the skipped
    folders.
    """
    if isinstance(root, RemotePath):
        return _walk_remote_folder(root, is_deep=depth is None), []
    tree: dict[str, Folder] = {}
    skipped: list[Skip] = []
    real = os.path.realpath(root)
    above = frozenset({real, *map(str, Path(real).parents)})
    waiting = [("", real, above)]
    while waiting:
        name, real, above = waiting.pop()
        place = root / name
        try:
            with os.scandir(place) as entries:
                inside = sorted((entry for entry in entries if not is_ignored(entry.name)), key=lambda e: e.name)
        except OSError as error:
            skipped.append(Skip(place, f"cannot be read: {error.strerror or error}"))
            tree[name] = Folder()
            continue
        reason = _recognise_results(entry.name for entry in inside) if name else None
        if reason is not None:
            above_it, _, own = name.rpartition("/")
            tree[above_it].folders.remove(own)
            skipped.append(Skip(place, reason))
            continue
        folder = tree[name] = Folder()
        for entry in inside:
            if not _is_folder(entry):
                folder.files.append(entry.name)
                continue
            target = os.path.realpath(entry.path) if entry.is_symlink() else str(Path(real, entry.name))
            if target in above:
                skipped.append(Skip(Path(entry.path), "a link to a folder that it is inside of"))
                continue
            folder.folders.append(entry.name)
            if depth is not None and name.count("/") + bool(name) >= depth:
                continue
            waiting.append((join_names(name, entry.name), target, above | {target}))
    return dict(sorted(tree.items())), skipped


def _recognise_results(names: Iterable[str]) -> str | None:
    """Return the reason to leave out a folder with files of these names, or None."""
    inside = frozenset(names)
    return next((reason for files, reason in RESULTS.items() if files <= inside), None)


def _walk_remote_folder(root: RemotePath, *, is_deep: bool) -> dict[str, Folder]:
    """Return the tree of a folder in a store, or its top level alone."""
    store, name = open_file_system(root)  # first: it says so if pyarrow is missing
    from pyarrow.fs import FileSelector, FileType

    infos = store.get_file_info(FileSelector(name, recursive=is_deep, allow_not_found=True))
    tree = {"": Folder()}
    skip = len(name.strip("/")) + 1
    for path, kind in sorted((info.path.strip("/")[skip:], info.type) for info in infos):
        if not path or any(map(is_ignored, path.split("/"))):
            continue
        _enter(tree, path if kind == FileType.Directory else path.rpartition("/")[0])
        if kind == FileType.File:
            above, _, own = path.rpartition("/")
            tree[above].files.append(own)
    return dict(sorted(tree.items()))


def _enter(tree: dict[str, Folder], name: str) -> None:
    """Add a folder, and the folders above it, to a tree."""
    if name not in tree:
        above, _, own = name.rpartition("/")
        _enter(tree, above)
        tree[above].folders.append(own)
        tree[name] = Folder()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # such as a link to itself: reading the file reports the error
        return False


def is_ignored(name: str) -> bool:
    """Return whether a file or folder is hidden, or made by a system or a program."""
    return name.startswith(".") or name.casefold() in IGNORED


def join_names(*names: str) -> str:
    """Join relative names by slashes, without empty ones."""
    return "/".join(name for name in names if name)
