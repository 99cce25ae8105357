"""Checkpoints: the state of a training after each epoch, from which an interrupted one is resumed exactly."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from headstart.features.cache_key import MARK_BYTES, mark_photo
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
from headstart.storage.removal import Removal

FOLDER = "tuning-1"  # in the cache; another file layout needs another name
SUFFIX = ".npz"
PARTIAL = f"{SUFFIX}.partial-"  # in the name of a file that is not complete
LOCK = ".lock"  # suffix of the file that a training locks while it writes its checkpoint
MARKS = "marks of photos"  # name of an array
OLD_S = 7 * 24 * 3600  # age at which a checkpoint is deleted
Arrays = Mapping[str, npt.NDArray[Any]]


class Checkpoint:
    """The checkpoint file of one training: arrays and a JSON record, no pickle.

    Parameters
    ----------
    name
        Text that is different for each training. None: no file is written.
    digests
        Digests of the photos of the training, by which `forget_checkpoints` finds the file. None: they are not known.
    """

    def __init__(self, name: str | None, digests: Sequence[str] | None = None) -> None:
        self._digests = digests
        self._path = None if name is None else find_cache_folder() / FOLDER / f"{name}{SUFFIX}"
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
            arrays.pop(MARKS, None)
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
                marks = {} if self._digests is None else {MARKS: _join_marks(self._digests)}
                np.savez(file, allow_pickle=False, record=text, **marks, **dict(arrays))

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


def forget_checkpoints(digests: Iterable[str]) -> Removal:
    """Delete every checkpoint of a training on one of these photos, or that does not say on which photos it was.

    It holds no photo, but weights that were learned from it. One that a running training writes is kept: a problem.
    """
    marks = {mark_photo(digest) for digest in digests}
    removal = Removal("checkpoints", "of interrupted trainings, which begin anew")
    for path, _ in list_files(FOLDER):
        name = path.name.partition(PARTIAL)[0].removeprefix(".") if PARTIAL in path.name else path.name
        if path.suffix == LOCK:
            is_without = path.with_suffix(SUFFIX).exists()  # then that file tells
        else:
            is_without = PARTIAL not in path.name and _is_without(path, marks)
        if is_without:
            continue
        lock = path.with_name(name).with_suffix(LOCK)
        try:
            held = try_lock(lock)
        except BlockingIOError as holder:
            removal.problems.append(f"a training above a cut is running ({holder})")
            continue
        if path != lock:
            removal.delete(path)
        release_lock(held, lock)
    return removal


def _is_without(path: Path, marks: set[bytes]) -> bool:
    """Say whether a checkpoint says that none of the photos with these marks was in its training."""
    try:
        with open_regular(path) as stream, np.load(stream, allow_pickle=False) as file:
            found = file[MARKS]
        return marks.isdisjoint(row.tobytes() for row in found)
    except Exception:  # damaged bytes raise errors of many kinds; see `Checkpoint.load`
        return False


def _join_marks(digests: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return the marks of photos, (N, 16)."""
    return np.frombuffer(b"".join(map(mark_photo, digests)), np.uint8).reshape(-1, MARK_BYTES)


def _delete_old(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.suffix == LOCK:
            release_lock(try_lock(path), path)  # not if a long training holds it
        else:
            path.unlink()
