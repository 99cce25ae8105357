"""The folder of the caches, the files in it, and writing a file so that it is never seen half written."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


def find_cache_folder() -> Path:
    """Return the folder of all caches: ``$HEADSTART_CACHE``, or ``headstart`` in the user's cache folder."""
    chosen = os.environ.get("HEADSTART_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("headstart"))


def list_files(name: str) -> list[tuple[Path, os.stat_result]]:
    """Return path and status of each file in a folder of the cache; files that another process deletes are left out."""
    found = []
    with suppress(OSError):
        for path in (find_cache_folder() / name).iterdir():
            with suppress(OSError):
                found.append((path, path.stat()))
    return found


def measure_folder(name: str) -> int:
    """Return the total size of the files in a folder of the cache, in bytes."""
    return sum(status.st_size for _, status in list_files(name))


def clear_folder(name: str) -> None:
    """Delete the files in a folder of the cache."""
    for path, _ in list_files(name):
        delete_file(path)


def delete_file(path: Path) -> None:
    """Delete a file if possible; report nothing otherwise."""
    with suppress(OSError):
        path.unlink()


@contextmanager
def write_safely(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file, flush it to disk and rename it to ``path``; after an error ``path`` is unchanged."""
    partial = path.with_name(f".{path.name}.partial-{secrets.token_hex(4)}")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        delete_file(partial)
