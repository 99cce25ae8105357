"""Tar shards, as WebDataset writes them. The path of a photo in a shard begins with the path of the shard.

``photos/train-0001.tar/cats/17.jpg`` is the file ``cats/17.jpg`` in ``photos/train-0001.tar``. Only regular files are
read; links and devices are not followed.
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

from headstart.process.forks import PerProcess
from headstart.storage.remote_paths import RemotePath, find_path_kind, open_for_reading
from headstart.storage.tar_members import open_tar, walk_members

SUFFIX = ".tar"
_lock: PerProcess[threading.Lock] = PerProcess()
N_INDICES = 32  # kept in memory: the index of a shard of a thousand files has a fifth of a megabyte


def split_shard(path: Path) -> tuple[Path, str] | None:
    """Return the shard in a path and the name of the file in the shard, or None for a path without a shard."""
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
        The open file, valid until the next member is read; None if there is a ``problem``.
    problem
        Reason why the member cannot be read, or an empty text.
    """

    name: str
    size: int
    content: IO[bytes] | None
    problem: str = ""


def walk_shard(shard: Path) -> Iterator[Member]:
    """Yield the files in a shard in their order, in one pass; raise OSError or tarfile.TarError if it is damaged."""
    seen = set[str]()
    with open_for_reading(shard) as file, open_tar(file) as archive:
        for member in walk_members(archive):
            if member.isdir():
                continue
            name = _clean_name(member.name)
            if name is None:
                name = member.name.replace("/", "_").replace("\\", "_")
                yield Member(name, 0, None, "its name leads out of the shard")
            elif name in seen:
                yield Member(name, 0, None, "a second file of the same name in the shard")
            elif not member.isreg():
                yield Member(name, 0, None, "a link or a device in the shard, which is not followed")
            elif member.issparse():
                yield Member(name, 0, None, "a sparse file in the shard, which is not read")
            else:
                seen.add(name)
                yield Member(name, member.size, archive.extractfile(member))


def _clean_name(name: str) -> str | None:
    """Return the normalised name of a member, or None if it leads out of the shard."""
    clean = posixpath.normpath(name)
    is_outside = clean.startswith(("/", "../")) or clean in ("..", ".") or "\\" in clean or clean[1:2] == ":"
    return None if is_outside else clean


def read_member(shard: Path, name: str, max_bytes: int) -> bytes:
    """Return the bytes of a file in a shard, of a larger one the first ``max_bytes + 1``, or raise OSError."""
    try:
        with _lock.get(threading.Lock):  # threads that need the same index wait for the first
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
        return None  # a shard in a store is assumed not to change
    status = shard.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


@lru_cache(maxsize=N_INDICES)
def _index_shard(shard: Path, stamp: object) -> dict[str, tuple[int, int]]:  # noqa: ARG001  part of the cache's key
    """Return offset and size of each file in a shard, by name."""
    extents: dict[str, tuple[int, int]] = {}
    with open_for_reading(shard) as file, open_tar(file) as archive:
        for member in walk_members(archive):
            name = _clean_name(member.name)
            if member.isreg() and not member.issparse() and name is not None:
                extents.setdefault(name, (member.offset_data, member.size))
    return extents


def is_shard(path: Path) -> bool:
    """Say whether a path is a file whose name ends in ``.tar``."""
    return path.name.endswith(SUFFIX) and find_path_kind(path) == "file"
