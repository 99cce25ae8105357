"""Run cases in a process of their own, so that a case that hangs or crashes can be named."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from targets import TARGETS


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    number: int
    text: str  # "read", the documented error's first word, or the undocumented error
    is_fault: bool
    seconds: float
    peak_bytes: int


def run_cases(target: str, seed: int, numbers: range, folder: Path, pipe: Connection) -> None:
    """Send the number of each case before it runs, and its outcome after it."""
    os.environ["HEADSTART_CACHE"] = str(folder / "cache")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)  # codecs print
    attacked = TARGETS[target](folder)
    for number in numbers:
        name, data = attacked.make_case(seed, number)
        pipe.send(number)
        _forget_peak()
        started, text, is_fault = time.perf_counter(), "read", False
        try:
            attacked.attack(name, data)
        except attacked.allowed as error:
            text = type(error).__name__
            if "\n  " not in str(error) and (not str(error) or len(str(error)) > 2000 or "\x1b" in str(error)):
                text, is_fault = f"{text} with a message of {len(str(error))} characters", True
        except BaseException as error:
            text, is_fault = f"{type(error).__name__}: {str(error)[:200]}", True
        pipe.send(Outcome(number, text, is_fault, time.perf_counter() - started, _read_peak()))
    pipe.send(None)


def _forget_peak() -> None:
    with contextlib.suppress(OSError):  # Linux only
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _read_peak() -> int:
    """Return the peak of this process's memory since `_forget_peak`; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
