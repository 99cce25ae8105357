"""The shelf: a few large results, such as compiled networks, kept in the user's cache folder between processes.

Unlike features they are never worth a message: what is missing, damaged or cannot be written is computed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from headstart.folders import find_cache_folder

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
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        return
    n_bytes = 0
    for path in sorted(_list_files(), key=_read_time, reverse=True):
        with contextlib.suppress(OSError):  # another process was faster
            n_bytes += path.stat().st_size
            if n_bytes > MAX_BYTES:
                path.unlink()


def measure_shelf() -> int:
    """Return the bytes that the shelf takes on disk."""
    n_bytes = 0
    for path in _list_files():
        with contextlib.suppress(OSError):
            n_bytes += path.stat().st_size
    return n_bytes


def clear_shelf() -> None:
    """Delete everything on the shelf."""
    for path in _list_files():
        with contextlib.suppress(OSError):
            path.unlink()


def _find_folder() -> Path:
    return find_cache_folder() / FOLDER


def _list_files() -> list[Path]:
    try:
        return [path for path in _find_folder().iterdir() if not path.name.startswith(".")]
    except OSError:
        return []


def _read_time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process was faster
        return 0.0
