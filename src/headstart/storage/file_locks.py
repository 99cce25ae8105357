"""Locks between processes. The system releases them when their process ends, however it ends: none is ever stale.

On Windows, and on file systems without locks, nothing is locked (docs/decisions/0030-locks.md).
"""

from __future__ import annotations

import errno
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from headstart.storage.local_files import delete_file, open_regular

HOLDER_BYTES = 200  # of the text that says who holds a lock
N_TRIES = 100  # to lock a file that holders delete meanwhile; a file system may also give a file changing numbers


def lock_file(file: IO[bytes], *, is_waiting: bool = False) -> None:
    """Lock an open file until it is closed.

    Raises
    ------
    BlockingIOError
        If another process or thread holds the lock, and this one does not wait.
    OSError
        If the system or the file system has no locks.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        raise OSError(errno.ENOSYS, "no locks") from None
    fcntl.flock(file, fcntl.LOCK_EX | (0 if is_waiting else fcntl.LOCK_NB))


def try_lock(path: Path) -> IO[bytes]:
    """Lock a file, which is made if it is missing, and return it. `release_lock` deletes it.

    Raises
    ------
    BlockingIOError
        If another process or thread holds the lock. The message is the holder, such as ``process 17 on host``.
    OSError
        If the file cannot be made.
    """
    for n_left in range(N_TRIES, 0, -1):
        file = path.open("a+b")
        try:
            lock_file(file)
        except BlockingIOError:
            file.close()
            raise BlockingIOError(_read_holder(path)) from None
        except OSError:  # no locks
            break
        if _is_at(file, path) or n_left == 1:
            break
        file.close()  # its holder deleted it just before
    _write_holder(file)
    return file


@contextmanager
def hold_lock(path: Path, say_waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of a file in the block. If another process holds it, wait for its end.

    Parameters
    ----------
    say_waiting
        Function that is called before the wait with the holder, such as ``process 17 on host``.

    Raises
    ------
    OSError
        If the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = _wait_for_lock(path, say_waiting)
    try:
        yield
    finally:
        release_lock(file, path)


def _wait_for_lock(path: Path, say_waiting: Callable[[str], None]) -> IO[bytes]:
    is_said = False
    while True:
        try:
            return try_lock(path)
        except BlockingIOError as error:
            if not is_said:
                say_waiting(str(error))
            is_said = True
        with suppress(FileNotFoundError), path.open("r+b") as held:
            lock_file(held, is_waiting=True)


def release_lock(file: IO[bytes], path: Path) -> None:
    """Delete a locked file and release its lock. A process that waits for it finds it deleted and makes another one."""
    if _is_at(file, path):
        delete_file(path)
    file.close()


def _read_holder(path: Path) -> str:
    with suppress(OSError), open_regular(path) as file:
        return file.read(HOLDER_BYTES).decode(errors="replace") or "another process"
    return "another process"


def _write_holder(file: IO[bytes]) -> None:
    with suppress(OSError):  # on a full disk the lock holds, without its text
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}".encode())
        file.flush()


def _is_at(file: IO[bytes], path: Path) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False
