"""Read texts from the Exif data of a photo, without a decoder."""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator, Sequence

from headstart.pixels.jpeg_segments import APP1, Segment, read_jpeg_segments

EXIF_DIRECTORY = 0x8769
MAX_ENTRIES = 1_000
MAX_TEXT = 60  # characters; names of cameras have about 20
_HEAD = b"Exif\x00\x00"
_TIFF = (b"II*\x00", b"MM\x00*")
# name before Exif data, and bytes between: an item of HEIF and of some WebP, a chunk of PNG, a chunk of WebP
_CHUNKS = ((_HEAD, 0), (b"eXIf", 0), (b"EXIF", 4))
_ASCII = 2
_OFFSETS = (4, 13)  # LONG and IFD


def find_exif(data: bytes, segments: Sequence[Segment] | None = None) -> bytes | None:
    """Return the Exif data of a photo, from their first byte on, or None.

    Parameters
    ----------
    segments
        Result of `read_jpeg_segments` if ``data`` are a JPEG. Default: they are read here.

    Raises
    ------
    PhotoError
        If it is a JPEG with too many segments.
    """
    if data.startswith(b"\xff\xd8"):
        for marker, start, end in read_jpeg_segments(data) if segments is None else segments:
            if marker == APP1 and data.startswith(_HEAD, start):
                return data[start + len(_HEAD) : end]
        return None
    if data.startswith(_TIFF):
        return data
    for name, n_between in _CHUNKS:
        at = data.find(name)
        while at >= 0:
            start = at + len(name) + n_between
            if data.startswith(_TIFF, start):
                return data[start:]
            at = data.find(name, at + 1)
    return None


def read_exif_texts(exif: bytes, tags: Container[int]) -> dict[int, str]:
    """Return the texts of some tags in the first directory and in the Exif directory (TIFF 6.0, section 2).

    A text has at most `MAX_TEXT` characters; what cannot be printed is a space.

    Raises
    ------
    struct.error
        If the data end too early.
    """
    if not exif.startswith(_TIFF):
        return {}
    order = "<" if exif.startswith(b"II") else ">"
    texts: dict[int, str] = {}
    (start,) = struct.unpack_from(order + "I", exif, 4)
    directories = [start]
    for at in directories:  # one more is added, at most
        for tag, kind, n, where in _walk_entries(exif, at, order):
            if tag == EXIF_DIRECTORY and kind in _OFFSETS and len(directories) == 1:
                directories.append(*struct.unpack_from(order + "I", exif, where))
            elif kind == _ASCII and tag in tags:
                if n > 4:
                    (where,) = struct.unpack_from(order + "I", exif, where)
                text = exif[where : where + min(n, MAX_TEXT)].split(b"\0")[0].decode("utf-8", "replace")
                texts[tag] = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return texts


def _walk_entries(exif: bytes, at: int, order: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield tag, type, number of values, and the position of the value or its offset, of each entry of a directory."""
    (n_entries,) = struct.unpack_from(order + "H", exif, at)
    for entry in range(at + 2, min(at + 2 + 12 * min(n_entries, MAX_ENTRIES), len(exif) - 11), 12):
        yield (*struct.unpack_from(order + "HHI", exif, entry), entry + 8)
