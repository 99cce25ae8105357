"""Tar shards, as WebDataset has them: a photo in one has the shard's path and then its own, as in a folder.

``photos/train-0001.tar/cats/17.jpg`` is the file ``cats/17.jpg`` in ``photos/train-0001.tar``. Only plain files count:
no link and no device in an archive is followed.
"""

from __future__ import annotations

import posixpath
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from headstart.storage.remote_paths import RemotePath, find_path_kind, open_for_reading

SUFFIX = ".tar"
_lock = threading.Lock()
N_INDICES = 32  # of shards that are kept: of a thousand files each has a fifth of a megabyte


def split_shard(path: Path) -> tuple[Path, str] | None:
    """Return the shard that a path leads into and the name in it, or None for any other path.

    Examples
    --------
    >>> shard, name = split_shard(RemotePath("s3://bucket/a.tar/cats/1.jpg"))
    >>> str(shard), name
    ('s3://bucket/a.tar', 'cats/1.jpg')
    >>> split_shard(RemotePath("s3://bucket/a.tar")) is None
    True
    """
    for parent in path.parents:
        if parent.name.endswith(SUFFIX) and (isinstance(parent, RemotePath) or parent.is_file()):
            return parent, path.relative_to(parent).as_posix()
    return None


@dataclass(frozen=True)
class Member:
    """A file in a shard.

    Attributes
    ----------
    content
        To be read before the next one is asked for; None where ``problem`` says why it is no file to read.
    """

    name: str
    size: int
    content: IO[bytes] | None
    problem: str = ""


def walk_shard(shard: Path) -> Iterator[Member]:
    """Yield the files in a shard, in its order, in one pass over it.

    Raises
    ------
    OSError
        If the shard cannot be read.
    tarfile.TarError
        If it is no tar file, or is damaged.
    """
    seen = set[str]()
    with open_for_reading(shard) as file, tarfile.open(fileobj=file, mode="r|") as archive:
        for member in archive:
            if member.isdir():
                continue
            name = _clean_name(member.name)
            if name is None:
                yield Member(
                    member.name.replace("/", "_").replace("\\", "_"), 0, None, "its name leads out of the shard"
                )
            elif name in seen:
                yield Member(name, 0, None, "a second file of the same name in the shard")
            elif not member.isreg():
                yield Member(name, 0, None, "a link or a device in the shard, which is not followed")
            else:
                seen.add(name)
                yield Member(name, member.size, archive.extractfile(member))


def _clean_name(name: str) -> str | None:
    """Return the name of a member as a path below the shard, or None if it leads elsewhere."""
    clean = posixpath.normpath(name)
    is_outside = clean.startswith(("/", "../")) or clean in ("..", ".") or "\\" in clean or clean[1:2] == ":"
    return None if is_outside else clean


def read_member(shard: Path, name: str, max_bytes: int) -> bytes:
    """Return the bytes of a file in a shard, or one more than ``max_bytes`` of them.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    """
    try:
        with _lock:  # of threads that need the same one, one makes it
            start, size = _index_shard(shard, _stamp(shard))[name]
    except KeyError:
        raise FileNotFoundError(2, "does not exist in the shard") from None
    except tarfile.TarError as error:
        raise OSError(f"the shard is damaged: {error}") from None
    with open_for_reading(shard) as file:
        file.seek(start)
        return file.read(min(size, max_bytes + 1))


def _stamp(shard: Path) -> object:
    if isinstance(shard, RemotePath):
        return None  # what lies in a store is taken to stay as it is
    status = shard.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


@lru_cache(maxsize=N_INDICES)
def _index_shard(shard: Path, stamp: object) -> dict[str, tuple[int, int]]:  # noqa: ARG001  part of the cache's key
    """Return where each file begins and how many bytes it has."""
    places: dict[str, tuple[int, int]] = {}
    with open_for_reading(shard) as file, tarfile.open(fileobj=file, mode="r:") as archive:
        for member in archive:
            name = _clean_name(member.name)
            if member.isreg() and name is not None:
                places.setdefault(name, (member.offset_data, member.size))
    return places


def is_shard(path: Path) -> bool:
    """Say whether a path is a tar file, by its name and by being a file."""
    return path.name.endswith(SUFFIX) and find_path_kind(path) == "file"
