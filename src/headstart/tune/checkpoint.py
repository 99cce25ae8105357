"""Checkpoints: the state of a training after each epoch, from which an interrupted one is resumed exactly."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from headstart.storage.file_locks import release_lock, try_lock
from headstart.storage.local_files import (
    clear_folder,
    delete_file,
    find_cache_folder,
    list_files,
    measure_folder,
    open_regular,
    write_safely,
)

FOLDER = "tuning-1"  # in the cache; another file layout needs another name
LOCK = ".lock"  # suffix of the file that a training locks while it writes its checkpoint
OLD_S = 7 * 24 * 3600  # age at which a checkpoint is deleted
Arrays = Mapping[str, npt.NDArray[Any]]


class Checkpoint:
    """The checkpoint file of one training: arrays and a JSON record, no pickle.

    Parameters
    ----------
    name
        Text that is different for each training. None: no file is written.
    """

    def __init__(self, name: str | None) -> None:
        self._path = None if name is None else find_cache_folder() / FOLDER / f"{name}.npz"
        for path, status in list_files(FOLDER):
            if time.time() - status.st_mtime > OLD_S:
                _delete_old(path)

    @contextmanager
    def hold(self, say: Callable[[str], None]) -> Iterator[Checkpoint]:
        """Yield this checkpoint to one training at a time. Another one with the same name gets one without a file."""
        try:
            lock = self._lock()
        except BlockingIOError as holder:
            say(f"Another training with the same photos and settings is running ({holder}): no checkpoint is kept.")
            yield Checkpoint(None)
            return
        try:
            yield self
        finally:
            self._unlock(lock)

    def _lock(self) -> IO[bytes] | None:
        """Return the locked file, None where none can be written; raise BlockingIOError if another training has it."""
        if self._path is None:
            return None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return try_lock(self._path.with_suffix(LOCK))
        except BlockingIOError:
            raise
        except OSError:
            return None

    def _unlock(self, lock: IO[bytes] | None) -> None:
        if self._path is not None and lock is not None:
            release_lock(lock, self._path.with_suffix(LOCK))

    def load(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]] | None:
        """Return the arrays and the record, or None without a file. A damaged file is deleted."""
        if self._path is None:
            return None
        try:
            with open_regular(self._path) as stream, np.load(stream, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}  # zip checks each, but not their number
            names, record = json.loads(str(arrays.pop("record")))
            if names != sorted(arrays):
                raise ValueError("arrays are missing")
            return arrays, record
        except OSError:
            return None
        except Exception:  # zip and numpy raise errors of many kinds on damaged bytes, such as EOFError and zlib.error
            delete_file(self._path)
            return None

    def save(self, arrays: Arrays, record: Mapping[str, Any]) -> None:
        """Write the file, whole or not at all. If the disk is full, training goes on without a checkpoint."""
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            text = np.array(json.dumps([sorted(arrays), record]))
            with write_safely(self._path) as file:
                np.savez(file, allow_pickle=False, record=text, **dict(arrays))

    def delete(self) -> None:
        """Delete the file, once the training is done, unless another training with the same name is writing it."""
        if self._path is None:
            return
        with contextlib.suppress(BlockingIOError):
            lock = self._lock()
            delete_file(self._path)
            self._unlock(lock)


def measure_checkpoints() -> int:
    """Return the size of all checkpoints on disk in bytes."""
    return measure_folder(FOLDER)


def clear_checkpoints() -> None:
    """Delete all checkpoints. Interrupted trainings then begin anew."""
    clear_folder(FOLDER)


def _delete_old(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.suffix == LOCK:
            release_lock(try_lock(path), path)  # not if a long training holds it
        else:
            path.unlink()
