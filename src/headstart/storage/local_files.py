"""Where Headstart keeps what it need not compute again, what lies there, and how a file is written whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


def find_cache_folder() -> Path:
    """Return the folder of the cache: ``$HEADSTART_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("HEADSTART_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("headstart"))


def list_files(name: str) -> list[tuple[Path, os.stat_result]]:
    """Return the files in a folder of the cache, and what the system says of each; other processes come and go."""
    found = []
    with suppress(OSError):
        for path in (find_cache_folder() / name).iterdir():
            with suppress(OSError):
                found.append((path, path.stat()))
    return found


def measure_folder(name: str) -> int:
    """Return the bytes that a folder of the cache takes on disk."""
    return sum(status.st_size for _, status in list_files(name))


def clear_folder(name: str) -> None:
    """Delete the files in a folder of the cache."""
    for path, _ in list_files(name):
        delete_file(path)


def delete_file(path: Path) -> None:
    """Delete a file if it is there and may be deleted."""
    with suppress(OSError):
        path.unlink()


@contextmanager
def write_safely(path: Path) -> Iterator[IO[bytes]]:
    """Give a file under a temporary name, flush it to disk, rename it: ``path`` is whole, or what it was before."""
    partial = path.with_name(f".{path.name}.partial-{secrets.token_hex(4)}")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        delete_file(partial)
