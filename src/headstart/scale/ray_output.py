"""Keep the output of Ray off the terminal."""

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
def redirect_ray_output() -> Iterator[None]:
    """Redirect the output of Ray until the block ends.

    Output of Ray's core, which is written in C++, goes to ``ray.log`` in the user's cache folder. Output of its Python
    code goes to stderr, because stdout is for results alone.
    """
    with _redirect_core_output(), redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*ray_remote_args")
        for category in (DeprecationWarning, FutureWarning, ResourceWarning):  # the last: files that Ray leaves open
            warnings.filterwarnings("ignore", category=category)
        yield


@contextmanager
def _redirect_core_output() -> Iterator[None]:
    """Redirect file descriptor 2 to the log. Python's stderr keeps its target."""
    log = _open_log()
    if log is None:
        yield
        return
    before, old_descriptor = sys.stderr, os.dup(2)
    with log, os.fdopen(old_descriptor, "w", buffering=1, errors="backslashreplace") as terminal:
        before.flush()
        os.dup2(log.fileno(), 2)
        sys.stderr = terminal
        try:
            yield
        finally:
            sys.stderr = before
            os.dup2(old_descriptor, 2)


def _open_log() -> IO[bytes] | None:
    """Open the log; None if it cannot be opened, or if stderr is not descriptor 2, as in notebooks and tests."""
    with suppress(OSError, ValueError, AttributeError):
        if sys.stderr.fileno() == 2:
            folder = find_cache_folder()
            folder.mkdir(parents=True, exist_ok=True)
            return (folder / LOG_NAME).open("wb")
    return None
