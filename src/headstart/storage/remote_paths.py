"""Remote paths: URIs such as ``s3://bucket/photos`` that are joined like paths, and functions for both kinds of path.

pyarrow reads and writes the large stores; `web_files` reads web servers. Both are imported only if a URI is used.
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

from headstart.process.packages import require_packages
from headstart.storage.local_files import open_regular, write_safely
from headstart.storage.web_files import has_web_file, open_web, read_web_file

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

BUFFER_BYTES = 4 << 20
MAX_WEB_BYTES = 4_000_000_000  # of a table or shard: it is held in memory, and a server may never end
WEB_SCHEMES = ("http", "https")
ARROW_SCHEMES = ("s3", "gs", "gcs", "hdfs", "abfs", "abfss")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+):/+")  # a single letter is a drive of Windows


class RemotePath(type(Path())):  # type: ignore[misc]  # the concrete class on this system
    """A URI as a path, which is joined, compared and split like any path. Its text is the URI.

    Methods that ask the local file system, such as ``exists``, have no meaning for it.
    """

    __slots__ = ()

    def __str__(self) -> str:
        text = super().__str__()
        return _SCHEME.sub(r"\1://", text.replace(os.sep, "/"))

    def as_posix(self) -> str:
        """Return the URI."""
        return str(self)

    def absolute(self) -> RemotePath:
        """Return the path itself: a URI is absolute."""
        return self

    expanduser = absolute


def make_path(text: str | Path) -> Path:
    """Return a `RemotePath` for a URI, and a `Path` for any other text."""
    if isinstance(text, Path):
        return text
    if text.startswith("file:///"):
        return Path(text.removeprefix("file://"))
    return RemotePath(text) if "://" in text and _SCHEME.match(text) else Path(text)


def expand_path(text: str | Path) -> Path:
    """Return an absolute path, or a `RemotePath` for a URI: it stays valid if the working folder changes."""
    path = make_path(text)
    with suppress(RuntimeError):  # ~ with the name of an unknown user
        path = path.expanduser()
    return path if isinstance(path, RemotePath) else Path(os.path.abspath(path))  # noqa: PTH100  it removes ..


def hide_password(text: str) -> str:
    """Remove user names and passwords from the addresses in a text.

    Examples
    --------
    >>> hide_password("no answer from https://me:secret@example.org/api")
    'no answer from https://example.org/api'
    """
    return re.sub(r"//[^/@\s]*@", "//", text)


def check_pyarrow(action: str) -> None:
    """Raise MissingExtraError if pyarrow, which the action needs, is not installed."""
    require_packages(action, "remote", "pyarrow")


def open_file_system(path: Path) -> tuple[FileSystem, str]:
    """Return the file system of a local or remote path, and the name of the file in it.

    Raise OSError if the store cannot be reached, and MissingExtraError without pyarrow or a package of the scheme.
    """
    check_pyarrow(f"open '{path}'")
    if not isinstance(path, RemotePath):
        from pyarrow.fs import LocalFileSystem

        return LocalFileSystem(), str(path.absolute())
    scheme, rest = str(path).split("://", 1)
    scheme = scheme.casefold()
    host, _, inside = rest.partition("/")
    if scheme in ARROW_SCHEMES:
        store, root = _open_store(scheme, host)
        return store, "/".join(part for part in (root.rstrip("/"), inside) if part) or root
    if scheme in WEB_SCHEMES:
        from pyarrow.fs import FSSpecHandler, PyFileSystem

        return PyFileSystem(FSSpecHandler(open_web(f"{scheme}://{host}"))), str(path)
    raise OSError(f"'{scheme}' is an unknown kind of store: need one of {', '.join((*ARROW_SCHEMES, *WEB_SCHEMES))}")


@lru_cache(maxsize=64)
def _open_store(scheme: str, host: str) -> tuple[FileSystem, str]:
    from pyarrow.fs import FileSystem

    store, root = FileSystem.from_uri(f"{scheme}://{host}")
    return store, root


def read_remote_file(path: Path, max_bytes: int | None = None) -> bytes:
    """Return the bytes of a remote file; of a larger one the first ``max_bytes + 1``."""
    if _is_web_path(path):
        return read_web_file(str(path), max_bytes or MAX_WEB_BYTES)
    store, name = open_file_system(path)
    with store.open_input_stream(name) as stream:
        data: bytes = stream.read() if max_bytes is None else stream.read(max_bytes + 1)
    return data


def _is_web_path(path: Path) -> bool:
    return str(path).startswith(tuple(f"{scheme}://" for scheme in WEB_SCHEMES))


@contextmanager
def open_for_reading(path: Path) -> Iterator[IO[bytes]]:
    """Open a local or remote file for reading; the file can seek."""
    if not isinstance(path, RemotePath):
        with open_regular(path) as file:
            yield file
    elif _is_web_path(path):  # not every server can read from a position on
        data = read_web_file(str(path), MAX_WEB_BYTES, total_s=None)
        if len(data) > MAX_WEB_BYTES:
            raise OSError(f"larger than {MAX_WEB_BYTES / 1e9:g} GB")
        yield io.BytesIO(data)
    else:
        store, name = open_file_system(path)
        # each read is a request: without a buffer a tar file would be read in pieces of 512 bytes
        with store.open_input_file(name) as raw, io.BufferedReader(raw, BUFFER_BYTES) as file:
            yield file


@contextmanager
def open_for_writing(path: Path) -> Iterator[IO[bytes]]:
    """Open a local or remote file for writing; after an error the path holds what it held before."""
    if not isinstance(path, RemotePath):
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_safely(path) as file:
            yield file
        return
    # collected in memory: a store makes a file even of a stream that an error interrupts
    content = io.BytesIO()
    yield content
    store, name = open_file_system(path)
    with store.open_output_stream(name) as stream:
        stream.write(content.getbuffer())


def list_file_names(folder: Path) -> list[str]:
    """Return the sorted names of the files in a local or remote folder; an empty list if the folder does not exist."""
    if not isinstance(folder, RemotePath):
        if not folder.is_dir():
            return []
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_file())
    store, name = open_file_system(folder)  # first: it says so if pyarrow is missing
    from pyarrow.fs import FileSelector, FileType

    found: list[Any] = store.get_file_info(FileSelector(name, allow_not_found=True))
    return sorted(info.base_name for info in found if info.type == FileType.File)


def delete_path(path: Path) -> None:
    """Delete a local or remote file if it exists."""
    if not isinstance(path, RemotePath):
        path.unlink(missing_ok=True)
        return
    store, name = open_file_system(path)
    with suppress(FileNotFoundError):
        store.delete_file(name)


def find_path_kind(path: Path) -> str | None:
    """Return ``folder`` or ``file``, or None if a local or remote path does not exist."""
    if not isinstance(path, RemotePath):
        return "folder" if path.is_dir() else "file" if path.is_file() else None
    if _is_web_path(path):
        return "file" if has_web_file(str(path)) else None
    store, name = open_file_system(path)  # first: it says so if pyarrow is missing
    from pyarrow.fs import FileType

    kind = store.get_file_info(name).type
    return {FileType.Directory: "folder", FileType.File: "file"}.get(kind)
