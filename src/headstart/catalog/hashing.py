"""Compute the digests of files, and find files that are no photos by their first bytes. No photo is decoded."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from headstart.errors import PhotoError
from headstart.pixels.file_format import recognise_photo
from headstart.pixels.photo_bytes import check_size, explain_unreadable, read_bytes
from headstart.storage.digest_cache import DigestCache, Known, make_stamp, name_file
from headstart.storage.remote_paths import RemotePath, make_path

BLOCK_BYTES = 4 << 20
N_THREADS = 4  # for local files: disks and network drives have latency
N_THREADS_FAR = 32  # for stores, whose latency is long
CHUNK = 32  # files per task: submitting a task costs about as much as reading a small file
SLOW_S = 0.01  # a chunk that takes longer is not in the system's memory: only then do threads help
GROUP = 2048  # files per look-up in the cache


Job = tuple[Sequence[str], Sequence[Known | None]]
"""Files, and the known stamp and digest of each."""


@dataclass(frozen=True, slots=True)
class HashResult:
    """The SHA-256 of a file in hex, or the reason why it is no photo."""

    digest: str | None
    reason: str | None = None


def hash_files(
    files: Sequence[str | Path], progress: Callable[[int, int], None] | None = None, *, cache: bool = True
) -> list[HashResult]:
    """Hash files, in several threads if reading is slow. The results are in the order of ``files``.

    Parameters
    ----------
    progress
        Function that is called now and then, in this thread, with the number of finished files and their total.
    cache
        Take the digests of unchanged files from the `DigestCache`, and keep new ones there.
    """
    here = str(Path.cwd())
    results: list[HashResult] = []
    is_far = bool(files) and isinstance(make_path(files[0]), RemotePath)
    pool = ThreadPoolExecutor(N_THREADS_FAR if is_far else N_THREADS)
    chunk = 1 if is_far else CHUNK
    with DigestCache(cache=cache) as store:
        try:
            for start in range(0, len(files), GROUP):
                paths = [str(file) for file in files[start : start + GROUP]]  # no `Path`: it takes as long as a look-up
                names = [name_file(path, here) for path in paths]
                known = store.recall(names)
                given = [known.get(name) for name in names]
                jobs = [(paths[n : n + chunk], given[n : n + chunk]) for n in range(0, len(names), chunk)]
                stamped: list[tuple[HashResult, str | None]] = []
                for some in _hash_chunks(jobs, pool):
                    stamped += some
                    if progress is not None:
                        progress(start + len(stamped), len(files))
                store.remember(dict(_find_new(names, stamped, given)))
                results += [result for result, _ in stamped]
        finally:
            pool.shutdown(cancel_futures=True)  # an interrupt must not wait for a hundred thousand files
    return results


def _find_new(
    names: Sequence[str], stamped: Sequence[tuple[HashResult, str | None]], given: Sequence[Known | None]
) -> Iterator[tuple[str, Known]]:
    """Yield the photos with a reliable stamp that the cache does not know yet."""
    for name, (result, stamp), known in zip(names, stamped, given, strict=True):
        if result.digest is not None and stamp is not None and (known is None or known[0] != stamp):
            yield name, (stamp, result.digest)


def _hash_chunks(jobs: Sequence[Job], pool: Executor) -> Iterator[list[tuple[HashResult, str | None]]]:
    """Read chunks in this thread until one is slow, and the others in several threads."""
    left = iter(jobs)
    for job in left:
        started = time.perf_counter()
        chunk = _hash_chunk(job)
        is_slow = time.perf_counter() - started > SLOW_S
        yield chunk
        if is_slow:
            break
    yield from pool.map(_hash_chunk, left)


def _hash_chunk(job: Job) -> list[tuple[HashResult, str | None]]:
    return [_hash_unless_known(path, known) for path, known in zip(*job, strict=True)]


def _hash_unless_known(path: str, known: Known | None) -> tuple[HashResult, str | None]:
    """Return the hash result of a file, and its stamp. If the stamp has not changed, the file is not opened."""
    try:
        stamp = make_stamp(os.stat(path))  # noqa: PTH116  a `Path` takes twice as long
    except (OSError, ValueError):
        return hash_file(make_path(path)), None
    if known is not None and known[0] == stamp:
        return HashResult(known[1]), stamp
    return hash_file(make_path(path)), stamp


def hash_file(path: Path) -> HashResult:
    """Hash one file, unless its first bytes show that it is no photo."""
    try:
        if not isinstance(path, RemotePath):
            with suppress(NotADirectoryError):  # the path of a photo in a tar shard
                return _hash_local(path)
        return hash_bytes(read_bytes(path))
    except PhotoError as error:
        return HashResult(None, str(error))
    except FileNotFoundError:
        return HashResult(None, "does not exist")
    except (OSError, ValueError) as error:  # ValueError: a name that is no file name
        return HashResult(None, explain_unreadable(error))


def _hash_local(path: Path) -> HashResult:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would block
        return HashResult(None, "not a file")
    check_size(status.st_size)
    with path.open("rb", buffering=0) as file:
        block = file.read(min(status.st_size, BLOCK_BYTES))
        problem = _find_problem(block)
        if problem is not None:
            return HashResult(None, problem)
        digest = hashlib.sha256()
        while block:
            digest.update(block)
            block = file.read(BLOCK_BYTES)
    return HashResult(digest.hexdigest())


def hash_bytes(data: bytes) -> HashResult:
    """Hash the content of a file."""
    problem = _find_problem(data)
    return HashResult(hashlib.sha256(data).hexdigest()) if problem is None else HashResult(None, problem)


def _find_problem(head: bytes) -> str | None:
    """Return why a file with this beginning is no photo that can be read, or None if it may be one."""
    try:
        recognise_photo(head)
    except PhotoError as error:
        return str(error)
    return None
