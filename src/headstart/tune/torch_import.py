"""The door to torch and onnx, which are extras: whoever lacks them is told how to get them."""

from __future__ import annotations

from headstart.errors import MissingExtraError
from headstart.process.packages import is_installed

PACKAGES = ("torch", "onnx")


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
