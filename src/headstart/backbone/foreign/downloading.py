"""Download a network's weights once: an interrupted download resumes, and the hash of the file is checked."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from headstart.errors import BackboneError
from headstart.process.progress import Progress, show_progress
from headstart.storage.file_locks import lock_file
from headstart.storage.local_files import delete_file, find_cache_folder, open_regular
from headstart.storage.result_cache import BACKBONES

MIRROR = "HEADSTART_MIRROR"  # a folder with the files, or the address of a server that has them under the same names
TIMEOUT_S = 30.0
TRIES = 5
CHUNK_BYTES = 1 << 20


def fetch_weights(url: str, sha256: str) -> Path:
    """Return the path of a file in the cache, and download it if it is not there or has another SHA-256 (hex).

    If ``$HEADSTART_MIRROR`` is set, the file of the same name is taken from that folder or server instead.
    """
    target = find_cache_folder() / BACKBONES / f"{sha256}.onnx"
    if _has_hash(target, sha256):
        return target
    with _lock(target.with_suffix(".lock")):  # another process may be downloading it
        return target if _has_hash(target, sha256) else _fetch_to(target, url, sha256)


def _fetch_to(target: Path, url: str, sha256: str) -> Path:
    partial = target.with_suffix(".partial")
    source = find_on_mirror(urllib.parse.urlsplit(url).path.rpartition("/")[2]) or url
    try:
        if isinstance(source, Path):
            shutil.copyfile(source, partial)
        else:
            with show_progress("Downloading", unit="kB") as progress:
                _fetch(source, partial, progress)
    except (OSError, http.client.HTTPException) as error:
        raise BackboneError(
            f"Cannot download '{source}': {_describe_error(error)}. Try again: the download resumes. Or set {MIRROR} "
            "to a folder with the file."
        ) from None
    if not _has_hash(partial, sha256):
        delete_file(partial)
        raise BackboneError(f"Cannot use '{source}': got a file with another SHA-256, need {sha256[:12]}...")
    partial.replace(target)
    return target


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a lock, so that one process at a time downloads a file, if the system has locks."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise BackboneError(
            f"Cannot write to '{path.parent}': {_describe_error(error)}. Set HEADSTART_CACHE to a folder that can be "
            "written.",
            path=path.parent,
        ) from None
    with file:
        with suppress(OSError):  # no locks
            lock_file(file, is_waiting=True)
        yield  # the file is not deleted: a waiting process would then hold a lock on no file


def find_on_mirror(name: str) -> Path | str | None:
    """Return the path or address of a file on the mirror; None without a mirror, or if its folder has no such file."""
    mirror = os.environ.get(MIRROR, "")
    if mirror.startswith(("https://", "http://")):
        return f"{mirror.rstrip('/')}/{urllib.parse.quote(name)}"
    path = Path(mirror, name).expanduser()
    return path if mirror and path.is_file() else None


def _fetch(url: str, partial: Path, progress: Progress) -> None:
    """Append the missing part of a file; try several times."""
    if not url.startswith(("https://", "http://")):
        raise OSError("its address begins with neither https:// nor http://")
    for attempt in range(TRIES):
        n_before = partial.stat().st_size if partial.exists() else 0
        try:
            with partial.open("ab") as file:
                _append_rest(url, file, progress)
            return
        except urllib.error.HTTPError as error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and n_before:
                return  # the file is complete, or its hash will show that it is another one
            raise
        except (OSError, http.client.HTTPException):
            if attempt == TRIES - 1:
                raise
            if partial.stat().st_size == n_before:  # nothing came: the server may need time
                time.sleep(2.0**attempt / 4)


def _append_rest(url: str, file: IO[bytes], progress: Progress) -> None:
    n_before = file.tell()
    headers = {"Range": f"bytes={n_before}-"} if n_before else {}
    request = urllib.request.Request(url, headers=headers | {"User-Agent": "headstart"})  # noqa: S310  checked above
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
        if n_before and answer.status != http.HTTPStatus.PARTIAL_CONTENT:  # the server sends the whole file
            file.truncate(0)
            n_before = 0
        length = answer.headers.get("Content-Length")
        n_total = n_before + int(length) if length else 0
        n_done = n_before
        while chunk := answer.read(CHUNK_BYTES):
            file.write(chunk)
            n_done += len(chunk)
            progress(n_done // 1000, max(n_total, n_done) // 1000)
        if n_done < n_total:
            raise http.client.IncompleteRead(b"", n_total - n_done)


def _has_hash(path: Path, sha256: str) -> bool:
    digest = hashlib.sha256()
    with suppress(OSError), open_regular(path) as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
        return digest.hexdigest() == sha256
    return False


def _describe_error(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code} {error.reason}"
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return str(reason) or type(error).__name__
