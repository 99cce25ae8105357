"""Temporary folders beside a target, whose contents are moved into place when they are complete.

Such a folder is named after the process that writes it, so that the next writer of the target deletes the folders of
killed processes.
"""

from __future__ import annotations

import glob
import os
import platform
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_active_lock = threading.Lock()
_active: set[Path] = set()  # temporary folders that this process is writing


@contextmanager
def make_partial_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder beside a target, and delete it at the end. Folders of killed processes are deleted first.

    Raises
    ------
    BlockingIOError
        If another thread of this process is writing the same target.
    OSError
        If the folder cannot be made.
    """
    target = target.resolve()
    partial = target.with_name(f".{target.name}.partial-{platform.node()}-{os.getpid()}")
    with _active_lock:
        if partial in _active:
            raise BlockingIOError("another thread of this program is writing it")
        _active.add(partial)
    try:
        for leftover in _find_partial_folders(target):
            if not _is_alive(leftover):
                shutil.rmtree(leftover, ignore_errors=True)
        shutil.rmtree(partial, ignore_errors=True)  # of a killed process that had the same id
        partial.mkdir()
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        _active.discard(partial)


def is_being_written(target: Path) -> bool:
    """Say whether a process may be writing a target."""
    return any(map(_is_alive, _find_partial_folders(target)))


def _find_partial_folders(target: Path) -> list[Path]:
    return list(target.parent.glob(f".{glob.escape(target.name)}.partial-*"))


def _is_alive(partial: Path) -> bool:
    """Say whether the process that writes a temporary folder may be running."""
    host, _, number = partial.name.rpartition(".partial-")[2].rpartition("-")
    if host != platform.node() or not number.isdigit() or os.name == "nt":
        return True  # unknown; on Windows signal 0 would interrupt the process
    if int(number) == os.getpid():
        return partial.resolve() in _active  # a container may give each process the same id
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # a process of another user
    return True
