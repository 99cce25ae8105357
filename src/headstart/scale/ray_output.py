"""A terminal that is left to our own messages while Ray works."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import IO

from headstart.storage.local_files import find_cache_folder

LOG_NAME = "ray.log"


@contextmanager
def keep_quiet() -> Iterator[None]:
    """Keep Ray off the terminal in the block.

    What its core, which is no Python, writes goes to ``ray.log`` in the user's cache folder. What it prints goes to
    stderr: stdout is for results alone.
    """
    with _divert_core(), redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*ray_remote_args")
        for category in (DeprecationWarning, FutureWarning, ResourceWarning):  # the last of what it leaves open
            warnings.filterwarnings("ignore", category=category)
        yield


@contextmanager
def _divert_core() -> Iterator[None]:
    """Send what is written to file 2 to a file, and what Python writes to stderr where that went before."""
    log = _open_log()
    if log is None:
        yield
        return
    before, kept = sys.stderr, os.dup(2)
    with log, os.fdopen(kept, "w", buffering=1, errors="backslashreplace") as terminal:
        before.flush()
        os.dup2(log.fileno(), 2)
        sys.stderr = terminal
        try:
            yield
        finally:
            sys.stderr = before
            os.dup2(kept, 2)


def _open_log() -> IO[bytes] | None:
    """Return the file to divert to, or None where stderr is not file 2, as in notebooks and tests, or cannot be."""
    with suppress(OSError, ValueError, AttributeError):
        if sys.stderr.fileno() == 2:
            folder = find_cache_folder()
            folder.mkdir(parents=True, exist_ok=True)
            return (folder / LOG_NAME).open("wb")
    return None
