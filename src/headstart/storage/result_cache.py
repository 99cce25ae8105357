"""A cache of a few large results, such as compiled networks, in the user's cache folder.

No problem with it is worth a message: a result that is missing, damaged or cannot be written is computed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets

from headstart.storage.local_files import (
    clear_folder,
    delete_file,
    find_cache_folder,
    list_files,
    measure_folder,
    read_regular,
)
from headstart.storage.removal import Removal

FOLDER = "compiled-1"  # another layout gets another name
MAX_BYTES = 200_000_000  # a compiled network has 9 MB; the least recently used results are deleted first
BACKBONES = "backbones-1"  # networks that were downloaded or made from a user's files
MAX_BACKBONE_BYTES = 4_000_000_000
DIGEST_BYTES = 32


def name_result(*parts: str) -> str:
    """Return the name of a result: a digest of everything that determines it.

    Examples
    --------
    >>> name_result("a", "bc") == name_result("ab", "c")
    False
    """
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def fetch_result(name: str, folder: str = FOLDER) -> bytes | None:
    """Return the result kept under a name, or None if it is missing or damaged."""
    path = find_cache_folder() / folder / name
    try:
        content = read_regular(path)
    except OSError:
        return None
    with contextlib.suppress(OSError):  # a folder without the right to write can still be read
        os.utime(path)
    digest, data = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
    return data if hashlib.sha256(data).digest() == digest else None


def has_result(name: str) -> bool:
    """Say whether there is a file under a name; it may be damaged."""
    return (find_cache_folder() / FOLDER / name).exists()


def keep_result(name: str, data: bytes, folder: str = FOLDER) -> None:
    """Keep a result under a name; keep nothing if the folder cannot be written."""
    target = find_cache_folder() / folder
    partial = target / f".{name}.{secrets.token_hex(4)}.partial"
    try:
        target.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(hashlib.sha256(data).digest() + data)
        partial.replace(target / name)
    except OSError:
        delete_file(partial)
        return
    n_bytes = 0
    for path, status in sorted(list_files(folder), key=lambda file: file[1].st_mtime, reverse=True):
        n_bytes += status.st_size
        if n_bytes > (MAX_BACKBONE_BYTES if folder == BACKBONES else MAX_BYTES):
            delete_file(path)


def measure_results() -> int:
    """Return the bytes that the results take on disk."""
    return measure_folder(FOLDER) + measure_folder(BACKBONES)


def forget_results() -> Removal:
    """Delete all results except networks that were downloaded or made from a user's files.

    Heat maps, comparisons of photos, and networks that were quantised or trained on photos are among them, under names
    that do not tell of which photo they are.
    """
    removal = Removal("results", "all networks, heat maps and comparisons, of any photo; made again when needed")
    for path, _ in list_files(FOLDER):
        removal.delete(path)
    return removal


def clear_results() -> None:
    """Delete all results."""
    clear_folder(FOLDER)
    clear_folder(BACKBONES)
