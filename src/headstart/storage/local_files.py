"""The folder of the caches, its files, reading regular files, and writing a file so that it is whole or absent."""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
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
    """Return path and status of each regular file in a folder of the cache; files that vanish are left out."""
    found = []
    with suppress(OSError):
        for path in (find_cache_folder() / name).iterdir():
            with suppress(OSError):
                status = path.stat()
                if stat.S_ISREG(status.st_mode):
                    found.append((path, status))
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


def open_regular(path: Path) -> IO[bytes]:
    """Open a file for reading. Raise OSError for a pipe or a device: to open or read it might never end."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # to open a folder is an error of its own
        raise OSError(errno.EINVAL, "not a regular file")
    return path.open("rb")


def read_regular(path: Path) -> bytes:
    """Return the bytes of a file; see `open_regular`."""
    with open_regular(path) as file:
        return file.read()


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


@contextmanager
def write_text_safely(path: Path, errors: str = "strict") -> Iterator[IO[str]]:
    """Write a file as `write_safely` does, as text in UTF-8 without change of line ends."""
    with write_safely(path) as file:
        text = io.TextIOWrapper(file, "utf-8", errors, newline="")
        try:
            yield text
        finally:
            text.detach()  # writes what is buffered
