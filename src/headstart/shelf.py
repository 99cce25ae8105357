"""The shelf: a few large results, such as compiled networks, kept in the user's cache folder between processes.

Unlike features they are never worth a message: what is missing, damaged or cannot be written is computed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from headstart.folders import clear_folder, delete_file, find_cache_folder, list_files, measure_folder

FOLDER = "compiled-1"  # another layout gets another name
MAX_BYTES = 200_000_000  # a compiled network has 9 MB; the least recently used go first
_DIGEST_BYTES = 32


def name_result(*parts: str) -> str:
    """Return a name for a result from everything that decides it.

    Examples
    --------
    >>> name_result("a", "bc") == name_result("ab", "c")
    False
    """
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def fetch_result(name: str) -> bytes | None:
    """Return what was kept under a name, or None if nothing is there that is whole."""
    path = _find_folder() / name
    try:
        content = path.read_bytes()
    except OSError:
        return None
    with contextlib.suppress(OSError):  # a shelf that may only be read is a shelf, too
        os.utime(path)
    digest, data = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return data if hashlib.sha256(data).digest() == digest else None


def has_result(name: str) -> bool:
    """Say whether something was kept under a name, whole or not."""
    return (_find_folder() / name).exists()


def keep_result(name: str, data: bytes) -> None:
    """Keep bytes under a name; if that is impossible, keep nothing."""
    folder = _find_folder()
    partial = folder / f".{name}.{secrets.token_hex(4)}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(hashlib.sha256(data).digest() + data)
        partial.replace(folder / name)
    except OSError:
        delete_file(partial)
        return
    n_bytes = 0
    for path, status in sorted(list_files(FOLDER), key=lambda file: file[1].st_mtime, reverse=True):
        n_bytes += status.st_size
        if n_bytes > MAX_BYTES:
            delete_file(path)


def measure_shelf() -> int:
    """Return the bytes that the shelf takes on disk."""
    return measure_folder(FOLDER)


def clear_shelf() -> None:
    """Delete everything on the shelf."""
    clear_folder(FOLDER)


def _find_folder() -> Path:
    return find_cache_folder() / FOLDER
