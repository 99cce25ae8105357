"""Files become digests, or the reasons why they are no photos. Nothing is decoded, and nothing is written."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from headstart.pixels.reading import MAX_BYTES
from headstart.pixels.sniff import HEAD_SIZE, sniff_format

BLOCK_BYTES = 4 << 20
N_THREADS = 4  # for disks and networks that answer late; with files already in memory one would do
CHUNK = 32  # files for each task: the pool costs about as much as a small file

_FOREIGN_BRANDS = {b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC", b"hevc": "HEIC", b"avif": "AVIF"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a file gave: its SHA-256 in hex, or the reason why it is no photo."""

    digest: str | None
    reason: str | None = None


def read_photos(paths: Sequence[Path], progress: Callable[[int, int], None] | None = None) -> list[Reading]:
    """Read files in a few threads; the readings are in the order of ``paths``.

    Parameters
    ----------
    progress
        Called in the caller's thread with the number of files done and their total, now and then.
    """
    chunks = [paths[start : start + CHUNK] for start in range(0, len(paths), CHUNK)]
    readings: list[Reading] = []
    pool = ThreadPoolExecutor(N_THREADS)
    try:
        for chunk in pool.map(_read_chunk, chunks):
            readings += chunk
            if progress is not None:
                progress(len(readings), len(paths))
    finally:
        pool.shutdown(cancel_futures=True)  # an interrupt must not wait for a hundred thousand files
    return readings


def _read_chunk(paths: Sequence[Path]) -> list[Reading]:
    return [read_photo_digest(path) for path in paths]


def read_photo_digest(path: Path) -> Reading:
    """Read one file as far as it is a photo by its first bytes."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            return Reading(None, "not a file")
        if status.st_size > MAX_BYTES:
            return Reading(None, f"too large ({status.st_size / 1e6:,.0f} MB, at most {MAX_BYTES / 1e6:,.0f} MB)")
        with path.open("rb", buffering=0) as file:
            block = file.read(min(status.st_size, BLOCK_BYTES))
            if not block:
                return Reading(None, "empty file")
            if sniff_format(block[:HEAD_SIZE]) is None:
                return Reading(None, _explain(block[:HEAD_SIZE]))
            digest = hashlib.sha256()
            while block:
                digest.update(block)
                block = file.read(BLOCK_BYTES)
        return Reading(digest.hexdigest())
    except FileNotFoundError:
        return Reading(None, "does not exist")
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        return Reading(None, f"cannot be read: {getattr(error, 'strerror', None) or error}")


def _explain(head: bytes) -> str:
    foreign = _FOREIGN_BRANDS.get(head[8:12]) if head[4:8] == b"ftyp" else None
    if foreign is not None:
        return f"a photo in {foreign} format, which cannot be read: convert it to JPEG"
    return "not a photo: no known signature"
