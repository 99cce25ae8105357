"""Places that are no local folder: URIs such as ``s3://bucket/photos``, as paths that can be joined and read.

pyarrow has file systems of its own for the large stores; web servers are read through fsspec. Neither is imported
before a URI is met.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from headstart.process.packages import make_missing_extra, require_packages

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

BUFFER_BYTES = 4 << 20
OF_WEB = ("http", "https")
OF_ARROW = ("s3", "gs", "gcs", "hdfs", "abfs", "abfss")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+):/+")  # one letter alone is a drive


class Place(type(Path())):  # type: ignore[misc]  # the class of paths here
    """A URI as a path.

    It is joined, compared and taken apart as any path, and its text is the URI; the file system of this machine knows
    nothing of it.

    Examples
    --------
    >>> place = Place("s3://bucket/pets") / "cats" / "1.jpg"
    >>> str(place), place.name, str(place.parent)
    ('s3://bucket/pets/cats/1.jpg', '1.jpg', 's3://bucket/pets/cats')
    """

    __slots__ = ()

    def __str__(self) -> str:
        text = super().__str__()
        return _SCHEME.sub(r"\1://", text.replace(os.sep, "/"))

    def as_posix(self) -> str:
        """Return the URI."""
        return str(self)

    def absolute(self) -> Place:
        """Return it as it is."""
        return self

    def expanduser(self) -> Place:
        """Return it as it is."""
        return self


def make_path(text: str | Path) -> Path:
    """Return a `Place` for a URI, and a path for all else.

    Examples
    --------
    >>> type(make_path("https://host/a.jpg")).__name__, make_path("pets") == Path("pets")
    ('Place', True)
    """
    if isinstance(text, Path):
        return text
    if text.startswith("file:///"):
        return Path(text.removeprefix("file://"))
    return Place(text) if "://" in text and _SCHEME.match(text) else Path(text)


def expand_path(text: str | Path) -> Path:
    """Return a path, or a `Place`, from the root on: what it means does not hang on the working folder any more."""
    path = make_path(text)
    with suppress(RuntimeError):  # ~ and a name that is nobody's
        path = path.expanduser()
    return path if isinstance(path, Place) else Path(os.path.abspath(path))  # noqa: PTH100  which takes out ..


def check_pyarrow(what: str) -> None:
    """Raise MissingExtraError unless pyarrow is installed."""
    require_packages(what, "remote", "pyarrow")


def open_file_system(path: Path) -> tuple[FileSystem, str]:
    """Return the file system of a path or a place, and its name there.

    Raises
    ------
    OSError
        If the store cannot be reached.
    MissingExtraError
        If pyarrow, or what fsspec needs for the scheme, is not installed.
    """
    check_pyarrow(f"open '{path}'")
    if not isinstance(path, Place):
        from pyarrow.fs import LocalFileSystem

        return LocalFileSystem(), str(path.absolute())
    scheme, rest = str(path).split("://", 1)
    scheme = scheme.casefold()
    host, _, inside = rest.partition("/")
    if scheme in OF_ARROW:
        store, root = _open_store(scheme, host)
        return store, "/".join(part for part in (root.rstrip("/"), inside) if part) or root
    if scheme in OF_WEB:
        return _open_web(f"{scheme}://{host}"), str(path)
    raise OSError(f"'{scheme}' is no kind of store that is known: need one of {', '.join((*OF_ARROW, *OF_WEB))}")


@lru_cache(maxsize=64)
def _open_store(scheme: str, host: str) -> tuple[FileSystem, str]:
    from pyarrow.fs import FileSystem

    store, root = FileSystem.from_uri(f"{scheme}://{host}")
    return store, root


@lru_cache(maxsize=64)
def _open_web(root: str) -> FileSystem:
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    try:
        from fsspec.core import url_to_fs

        return PyFileSystem(FSSpecHandler(url_to_fs(root)[0]))
    except ImportError as error:
        raise make_missing_extra(f"open '{root}'", "remote", error.name or "fsspec") from None


def read_place(place: Path, max_bytes: int | None = None) -> bytes:
    """Return the bytes of a file in a store, or one more than ``max_bytes`` of them.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    store, name = open_file_system(place)
    if _is_web(place):
        return _read_web(store, name, max_bytes)
    with store.open_input_stream(name) as stream:
        data: bytes = stream.read() if max_bytes is None else stream.read(max_bytes + 1)
    return data


def _is_web(place: Path) -> bool:
    return str(place).startswith(tuple(f"{scheme}://" for scheme in OF_WEB))


def _read_web(store: FileSystem, address: str, max_bytes: int | None) -> bytes:
    """Read from a web server, whose errors through pyarrow would all read as files that are not there."""
    try:
        with store.handler.fs.open(address, block_size=0) as stream:
            data: bytes = stream.read() if max_bytes is None else stream.read(max_bytes + 1)
        return data
    except OSError:
        raise
    except Exception as error:  # of aiohttp, whose errors are no OSError
        raise OSError((str(error).splitlines() or [type(error).__name__])[0]) from None


@contextmanager
def open_place(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, wherever it lies; where a position can be sought it can be here."""
    if not isinstance(path, Place):
        with path.open("rb") as file:
            yield file
    elif _is_web(path):  # servers need not know of positions
        yield io.BytesIO(read_place(path))
    else:
        store, name = open_file_system(path)
        # every read is a request: without a buffer a tar file would be fetched in pieces of 512 bytes
        with store.open_input_file(name) as raw, io.BufferedReader(raw, BUFFER_BYTES) as file:
            yield file


@contextmanager
def write_place(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write: the place has all of it afterwards, or nothing new after an error."""
    if not isinstance(path, Place):
        from headstart.storage.local_files import write_safely

        path.parent.mkdir(parents=True, exist_ok=True)
        with write_safely(path) as file:
            yield file
        return
    # first in memory: a stream into a store that is left half-way still makes a file of what it has
    content = io.BytesIO()
    yield content
    store, name = open_file_system(path)
    with store.open_output_stream(name) as stream:
        stream.write(content.getbuffer())


def list_place(folder: Path) -> list[str]:
    """Return the names of the files in a folder, sorted; none if there is no such folder."""
    if not isinstance(folder, Place):
        if not folder.is_dir():
            return []
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_file())
    from pyarrow.fs import FileSelector, FileType

    store, name = open_file_system(folder)
    found: list[Any] = store.get_file_info(FileSelector(name, allow_not_found=True))
    return sorted(info.base_name for info in found if info.type == FileType.File)


def delete_place(path: Path) -> None:
    """Delete a file, wherever it lies; it may be gone."""
    if not isinstance(path, Place):
        path.unlink(missing_ok=True)
        return
    store, name = open_file_system(path)
    try:
        store.delete_file(name)
    except FileNotFoundError:
        return


def tell_kind(path: Path) -> str | None:
    """Return ``folder``, ``file`` or None of what a place is."""
    if not isinstance(path, Place):
        return "folder" if path.is_dir() else "file" if path.is_file() else None
    from pyarrow.fs import FileType

    store, name = open_file_system(path)
    kind = store.get_file_info(name).type
    return {FileType.Directory: "folder", FileType.File: "file"}.get(kind)
