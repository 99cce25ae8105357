"""The door to torch and onnx, which are extras: whoever lacks them is told how to get them."""

from __future__ import annotations

from headstart.cores import count_cores
from headstart.errors import MissingExtraError
from headstart.installed import find_version, is_installed

PACKAGES = ("torch", "onnx")
TUNING_RULES = 2  # counts up when this room gives other weights for the same activations


def can_tune() -> bool:
    """Say whether what training above a cut needs is installed, without importing it (torch takes 1.6 s)."""
    return all(map(is_installed, PACKAGES))


def check_torch(purpose: str) -> None:
    """Raise MissingExtraError if torch or onnx is not installed.

    Parameters
    ----------
    purpose
        What cannot be done then, such as ``"train by hybrid"``.
    """
    missing = [name for name in PACKAGES if not is_installed(name)]
    if missing:
        raise MissingExtraError(
            f"Cannot {purpose}: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed. "
            "Install what it needs with: pip install 'headstart[tune]'"
        )


def describe_torch() -> str:
    """Return what decides the bits of a training besides its data and recipe."""
    return f"torch {find_version('torch', 'torch')}, {count_cores()} cores, rules {TUNING_RULES}"
