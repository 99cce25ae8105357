"""Start modules of this package in processes of their own, and end those that still work when the program stops."""

from __future__ import annotations

import os
import subprocess
import sys
import weakref
from contextlib import suppress
from typing import Any

N_TRIES = 10
_started: weakref.WeakSet[subprocess.Popen[bytes]] = weakref.WeakSet()


def make_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module with the interpreter of this program."""
    # -P: a file in the user's working folder may have the name of a module
    return [sys.executable, "-P", "-m", module, *arguments]


def make_environment() -> dict[str, str]:
    """Return the variables of this process, with the folders from which it imports."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def start_module(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a module that reads from a pipe and writes to one; Ctrl-C on the terminal does not reach it.

    Raises
    ------
    OSError
        If no process can be started.
    """
    options: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    process = subprocess.Popen(  # noqa: S603  our own interpreter
        make_command(module, *arguments), env=make_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, **options,
    )  # fmt: skip
    _started.add(process)
    return process


def kill_started() -> None:
    """End all processes of `start_module` at once: the program stops, and their answers are not needed."""
    for _ in range(N_TRIES):
        with suppress(RuntimeError):  # another thread starts a process meanwhile
            for process in list(_started):
                with suppress(OSError):
                    process.kill()
            return


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_started.clear)  # they belong to the parent
