"""Places that are no local folder: URIs such as ``s3://bucket/photos``, as paths that can be joined and read.

pyarrow has file systems of its own for the large stores; the rest goes through fsspec. Neither is imported before a URI
is met.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from headstart.errors import MissingExtraError

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

BUFFER_BYTES = 4 << 20
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
        return _SCHEME.sub(r"\1://", super().__str__().replace("\\", "/"))

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
    return Place(text) if "://" in text and _SCHEME.match(text) else Path(text)


def check_pyarrow(what: str) -> None:
    """Raise MissingExtraError unless pyarrow is installed."""
    from headstart.installed import is_installed

    if not is_installed("pyarrow"):
        raise MissingExtraError(
            f"Cannot {what}: got no package 'pyarrow', need it. Install it with: pip install 'headstart[remote]'"
        )


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
    bucket = rest.split("/", 1)[0]
    if scheme in OF_ARROW:
        return _open_store(scheme, bucket), rest
    return _open_by_fsspec(scheme, f"{scheme}://{bucket}"), str(path) if scheme in ("http", "https") else rest


@lru_cache(maxsize=64)
def _open_store(scheme: str, bucket: str) -> FileSystem:
    from pyarrow.fs import FileSystem

    return FileSystem.from_uri(f"{scheme}://{bucket}")[0]


@lru_cache(maxsize=64)
def _open_by_fsspec(scheme: str, root: str) -> FileSystem:
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    try:
        from fsspec.core import url_to_fs

        return PyFileSystem(FSSpecHandler(url_to_fs(root)[0]))
    except ValueError:
        raise OSError(f"'{scheme}' is no kind of store that is known") from None
    except ImportError as error:
        raise MissingExtraError(f"Cannot open '{root}': {error}.") from None


def read_place(place: Path, max_bytes: int | None = None) -> bytes:
    """Return the bytes of a file in a store, or one more than ``max_bytes`` of them.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    store, name = open_file_system(place)
    with store.open_input_stream(name) as stream:
        data: bytes = stream.read() if max_bytes is None else stream.read(max_bytes + 1)
    return data


@contextmanager
def open_place(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, wherever it lies; where a position can be sought it can be here."""
    if not isinstance(path, Place):
        with path.open("rb") as file:
            yield file
    elif str(path).startswith("http"):  # servers need not know of positions
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
        from headstart.folders import write_safely

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
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
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
