"""Read the bytes of a photo file; refuse pipes, devices and huge files, whose reading might never end."""

from __future__ import annotations

import stat
from pathlib import Path

from headstart.errors import PhotoError, UnreadableError
from headstart.storage.picture_tables import read_row, split_row
from headstart.storage.remote_paths import RemotePath, read_remote_file
from headstart.storage.tar_shards import read_member, split_shard

MAX_BYTES = 500_000_000  # larger than any photo: probably a video or an archive with the name of a photo


def read_bytes(path: Path) -> bytes:
    """Read a whole file: a local one, one in a store (`RemotePath`), or one in a tar shard or a table.

    Raises
    ------
    PhotoError
        If it is not a regular file, or is larger than `MAX_BYTES`; the message is the reason.
    UnreadableError
        If it does not exist or cannot be read.
    """
    try:
        if isinstance(path, RemotePath):
            return _read_member_or_remote(path)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # to open a pipe would wait for ever
            raise PhotoError("not a regular file")
        check_size(status.st_size)
        return path.read_bytes()
    except NotADirectoryError:  # one of the path's folders is a file
        return _read_member_or_remote(path)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise UnreadableError(explain_unreadable(error)) from None


def _read_member_or_remote(path: Path) -> bytes:
    """Read a file from a tar shard, from a table or from a store."""
    try:
        shard, row = split_shard(path), split_row(path)
        if shard is not None:
            data = read_member(*shard, MAX_BYTES)
        elif row is not None:
            data = read_row(*row, MAX_BYTES)
        elif isinstance(path, RemotePath):
            data = read_remote_file(path, MAX_BYTES)
        else:
            raise UnreadableError("does not exist")
    except FileNotFoundError:
        raise UnreadableError("does not exist") from None
    except (OSError, ValueError) as error:
        raise UnreadableError(explain_unreadable(error)) from None
    check_size(len(data))
    return data


def check_size(n_bytes: int) -> None:
    """Raise PhotoError if a photo is larger than `MAX_BYTES`."""
    if n_bytes > MAX_BYTES:
        raise PhotoError(f"too large ({n_bytes / 1e6:,.0f} MB, at most {MAX_BYTES / 1e6:,.0f} MB)")


def explain_unreadable(error: OSError | ValueError) -> str:
    """Return why the system cannot read a file, in one line."""
    text = getattr(error, "strerror", None) or str(error)
    return f"cannot be read: {(text.splitlines() or [type(error).__name__])[0].rstrip('.')[:400]}"
