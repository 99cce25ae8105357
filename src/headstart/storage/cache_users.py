"""Who uses the cache: each command holds a shared lock from its start to its end, so that `headstart forget` sees it.

Without locks, as on Windows, nobody is seen. The system releases the lock of a killed process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from headstart.storage.local_files import find_cache_folder

FILE_NAME = "users.lock"


@contextmanager
def mark_cache_used() -> Iterator[None]:
    """Count as a user of the cache until the block ends. If the cache cannot be written, there is nothing to mark."""
    path = find_cache_folder() / FILE_NAME
    with ExitStack() as stack:
        with suppress(OSError, ImportError):
            import fcntl

            path.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(path.open("a+b"))  # NFS shares a lock only of a file that can be read
            fcntl.flock(file, fcntl.LOCK_SH)  # waits while `is_cache_used` asks: without its lock it would not be seen
        yield


def is_cache_used() -> bool:
    """Say whether a command uses the cache now."""
    try:
        import fcntl

        with (find_cache_folder() / FILE_NAME).open("r+b") as file:  # NFS locks only a file that can be written
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (OSError, ImportError):  # no such file, or no locks
        return False
    return False
