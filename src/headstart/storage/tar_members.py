"""Walk the members of a tar file whose headers may claim anything: no claim reads, seeks or allocates beyond the file.

Python's tarfile reads a header of any claimed size, follows chains of headers by recursion, and ends without a word at
a header that it cannot read.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast


class _BoundedFile:
    """A file whose reads are not longer than what is left of it: Python would allocate the claimed size first."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.n_bytes = file.seek(0, 2)
        file.seek(0)

    def read(self, n_bytes: int) -> bytes:
        return self._file.read(max(0, min(n_bytes, self.n_bytes - self._file.tell())))

    def seek(self, position: int) -> int:
        return self._file.seek(max(0, min(position, self.n_bytes)))

    def tell(self) -> int:
        return self._file.tell()


@contextmanager
def open_tar(file: IO[bytes]) -> Iterator[tarfile.TarFile]:
    """Open a file that can seek as a plain tar file; raise tarfile.TarError if it is none."""
    with _explain_damage():
        archive = tarfile.open(fileobj=cast("Any", _BoundedFile(file)), mode="r:")  # noqa: SIM115  closed below
    with archive:
        yield archive


def walk_members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the members of an archive that `open_tar` opened, each with its whole content in the file.

    Raises
    ------
    tarfile.TarError
        If a member claims more bytes than the file has, or a header is damaged.
    """
    bounded = cast("_BoundedFile", archive.fileobj)
    while True:
        with _explain_damage():
            member = archive.next()
        if member is None:
            break
        left = bounded.n_bytes - member.offset_data
        if not member.issparse() and member.isreg() and not 0 <= member.size <= left:
            raise tarfile.ReadError(
                f"{member.name[:100]!a} claims {member.size:,} bytes, and {max(0, left):,} are left"
            )
        yield member
    bounded.seek(archive.offset)
    if bounded.read(tarfile.BLOCKSIZE).strip(tarfile.NUL):
        raise tarfile.ReadError(f"the header at byte {archive.offset:,} is damaged")


@contextmanager
def _explain_damage() -> Iterator[None]:
    """Turn what Python raises for damaged headers into TarError."""
    try:
        yield
    except RecursionError:
        raise tarfile.ReadError("too many headers for one member") from None
    except (ValueError, IndexError, OverflowError, MemoryError) as error:
        raise tarfile.ReadError(f"a header is damaged ({error})") from None
