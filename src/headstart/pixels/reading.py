"""A photo file's bytes, read only where reading comes to an end: no pipes, no devices, nothing huge."""

from __future__ import annotations

import stat
from pathlib import Path

from headstart.errors import PhotoError

MAX_BYTES = 500_000_000  # no camera makes such photos; a video or an archive under a photo's name does


def read_bytes(path: Path) -> bytes:
    """Read a whole file.

    Raises
    ------
    PhotoError
        If it cannot be read, is no regular file, or has more than `MAX_BYTES`; the message is the reason.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise PhotoError("not a regular file")
        if status.st_size > MAX_BYTES:
            raise PhotoError(f"too large ({status.st_size / 1e6:,.0f} MB, at most {MAX_BYTES / 1e6:,.0f} MB)")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise PhotoError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
