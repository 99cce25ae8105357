"""Torch and onnx: whether they are installed, and what must be set before torch is imported."""

from __future__ import annotations

import os
import sys

from headstart.process.packages import is_installed, make_missing_extra
from headstart.process.torch_command import name_torch_command

PACKAGES, EXTRA = ("torch", "onnx"), "tune"


def can_tune() -> bool:
    """Say whether training above a cut is possible: torch and onnx are installed. Imports neither (torch: 1.6 s)."""
    return all(map(is_installed, PACKAGES))


def check_torch(purpose: str) -> None:
    """Raise MissingExtraError if torch or onnx is not installed, which ``purpose`` ("train by hybrid") needs."""
    missing = [package for package in PACKAGES if not is_installed(package)]
    if missing:
        command, build = name_torch_command(EXTRA)
        raise make_missing_extra(purpose, EXTRA, *missing, command=command, hint=build)


def list_thread_settings() -> dict[str, str]:
    """Return the environment variables that torch should be imported with; a user's own choice stays.

    Torch computes with GNU's OpenMP. Its waiting threads spin for milliseconds by default. If other programs run, these
    threads take the cores from the threads that they wait for: a training step takes 40 times as long. With a short
    spin the step takes twice as long, and on an idle machine as long as before.
    """
    if "OMP_WAIT_POLICY" in os.environ:
        return {}
    return {"GOMP_SPINCOUNT": os.environ.get("GOMP_SPINCOUNT", "1000")}


def limit_spinning() -> None:
    """Shorten the spin of torch's waiting threads, if torch is not imported yet.

    Call this where a training or a measurement starts. OpenMP reads the variable once, when torch is imported, so the
    choice stays for the whole process. The variable stays in the environment for the processes that this one starts.
    """
    if "torch" not in sys.modules:
        os.environ.update(list_thread_settings())
