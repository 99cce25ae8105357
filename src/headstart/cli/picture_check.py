"""Check that the picture of a command can be written, before its work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from headstart.errors import RunError


@contextmanager
def check_writable(path: Path) -> Iterator[None]:
    """Create the file and delete it again: if it cannot be written, the command fails before its work."""
    from headstart.report.figure_file import check_picture_path

    is_new_parent = not path.parent.exists()
    try:
        try:
            if is_new_parent:
                path.parent.mkdir(parents=True)
            check_picture_path(path)
            is_new = not path.exists()
            path.open("ab").close()
            if is_new:
                path.unlink()
        except OSError as error:
            reason = error.strerror or error
            raise RunError(f"Cannot write figure '{path}': {reason}. Choose another --picture.", path=path) from None
        yield
    finally:
        if is_new_parent:
            with suppress(OSError):  # a parent that holds the figure stays
                path.parent.rmdir()
