"""Fetch a network's weights once: resumed where it was broken off, and compared before they are believed."""

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
from headstart.storage.local_files import delete_file, find_cache_folder
from headstart.storage.result_cache import BACKBONES

MIRROR = "HEADSTART_MIRROR"  # a folder that has the files, or the address of a server that has them under their names
TIMEOUT_S = 30.0
TRIES = 5
CHUNK_BYTES = 1 << 20


def fetch_weights(url: str, sha256: str) -> Path:
    """Return the path of a file in the cache, fetched if it is not there yet.

    Where ``$HEADSTART_MIRROR`` is set, the file of the same name is taken from there instead: from a folder, or from a
    server.

    Parameters
    ----------
    url
        ``https://`` or ``http://``.
    sha256
        Of the file, in hex.

    Raises
    ------
    BackboneError
        If it cannot be fetched, or is another file.
    """
    target = find_cache_folder() / BACKBONES / f"{sha256}.onnx"
    if _is_right(target, sha256):
        return target
    with _lock(target.with_suffix(".lock")):  # another process may be fetching it
        return target if _is_right(target, sha256) else _fetch_to(target, url, sha256)


def _fetch_to(target: Path, url: str, sha256: str) -> Path:
    partial = target.with_suffix(".partial")
    source = find_on_mirror(urllib.parse.urlsplit(url).path.rpartition("/")[2]) or url
    try:
        if isinstance(source, Path):
            shutil.copyfile(source, partial)
        else:
            with show_progress("Fetching", unit="kB") as progress:
                _fetch(source, partial, progress)
    except (OSError, http.client.HTTPException) as error:
        raise BackboneError(
            f"Cannot fetch '{source}': {_say_why(error)}. Try again, it goes on from where it was; or set {MIRROR} to "
            "a folder that has the file."
        ) from None
    if not _is_right(partial, sha256):
        delete_file(partial)
        raise BackboneError(f"Cannot use '{source}': its SHA-256 is not {sha256[:12]}..., so it is another file.")
    partial.replace(target)
    return target


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Let one process in at a time, where the system has locks."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise BackboneError(
            f"Cannot keep what is fetched in '{path.parent}': {_say_why(error)}. Set HEADSTART_CACHE to a folder that "
            "can be written."
        ) from None
    with file:
        with suppress(ImportError):  # Windows
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield  # the file stays: who waits for it would hold a lock on nothing


def find_on_mirror(name: str) -> Path | str | None:
    """Return where the mirror has a file: a path, or an address; None if there is no mirror, or no such file in it."""
    mirror = os.environ.get(MIRROR, "")
    if mirror.startswith(("https://", "http://")):
        return f"{mirror.rstrip('/')}/{urllib.parse.quote(name)}"
    path = Path(mirror, name).expanduser()
    return path if mirror and path.is_file() else None


def _fetch(url: str, partial: Path, progress: Progress) -> None:
    """Fetch what is missing of a file, several times if need be."""
    if not url.startswith(("https://", "http://")):
        raise OSError("it is no address of https:// or http://")
    for attempt in range(TRIES):
        n_before = partial.stat().st_size if partial.exists() else 0
        try:
            with partial.open("ab") as file:
                _append_rest(url, file, progress)
            return
        except urllib.error.HTTPError as error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and n_before:
                return  # it was whole, or it is another file, which its hash will tell
            raise
        except (OSError, http.client.HTTPException):
            if attempt == TRIES - 1:
                raise
            if partial.stat().st_size == n_before:  # nothing came: the server may need a moment
                time.sleep(2.0**attempt / 4)


def _append_rest(url: str, file: IO[bytes], progress: Progress) -> None:
    n_before = file.tell()
    headers = {"Range": f"bytes={n_before}-"} if n_before else {}
    request = urllib.request.Request(url, headers=headers | {"User-Agent": "headstart"})  # noqa: S310  checked above
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
        if n_before and answer.status != http.HTTPStatus.PARTIAL_CONTENT:  # the server sends all of it
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


def _is_right(path: Path, sha256: str) -> bool:
    digest = hashlib.sha256()
    with suppress(OSError), path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
        return digest.hexdigest() == sha256
    return False


def _say_why(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code} {error.reason}"
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return str(reason) or type(error).__name__
