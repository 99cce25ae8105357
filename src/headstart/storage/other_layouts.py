"""Stores of the cache that this version does not use: of other versions, and those moved aside as broken."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from headstart.storage.local_files import find_cache_folder
from headstart.storage.removal import Removal
from headstart.storage.sqlite_removal import delete_with_side_files, is_in_use

STORE = re.compile(r"(features|digests|activations|compiled|tuning|embedded)-\d+(\.sqlite)?(\.broken-\d+)?")
SIDE_FILE = re.compile(r"-(wal|shm|journal)$")


def list_other_layouts(current: Collection[str]) -> list[Path]:
    """Return the stores in the cache folder besides the ``current`` ones, without the side files of SQLite."""
    found = []
    with suppress(OSError):
        for path in sorted(find_cache_folder().iterdir()):
            name = SIDE_FILE.sub("", path.name)
            is_alone = name == path.name or not path.with_name(name).exists()
            if STORE.fullmatch(name) and name not in current and is_alone:
                found.append(path)
    return found


def measure_other_layouts(current: Collection[str]) -> int:
    """Return the bytes that these stores take on disk."""
    n_bytes = 0
    for path in list_other_layouts(current):
        for one in [path, *path.rglob("*"), *path.parent.glob(f"{path.name}-*")]:
            with suppress(OSError):
                n_bytes += 0 if one.is_dir() else one.stat().st_size
    return n_bytes


def delete_other_layouts(current: Collection[str]) -> Removal:
    """Delete these stores. One that a program of another version has open is kept: a problem."""
    removal = Removal("other versions", "stores of other versions, deleted whole")
    for path in list_other_layouts(current):
        if path.is_dir():
            removal.delete_folder(path)
        elif ".sqlite" in path.name and is_in_use(path):
            removal.problems.append(f"another version of headstart has '{path.name}' open")
        else:
            delete_with_side_files(path, removal)
    return removal
