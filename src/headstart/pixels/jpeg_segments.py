"""The segments of a JPEG before its pixels, found in one walk whose time is bounded for any bytes."""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from headstart.errors import PhotoError

APP1, APP2, START_OF_SCAN = 0xE1, 0xE2, 0xDA  # ITU-T T.81, table B.1
MAX_SEGMENTS = 4_096  # a profile or a depth map of 16 MB takes 256; libraries take quadratic time for a million
MAX_STRAY_BYTES = 65_536  # bytes between segments, which every reader skips; a camera pads with 4 KB at most
_NO_SEGMENT = frozenset((0x00, 0x01, *range(0xD0, 0xDA), 0xFF))  # stuffing, markers without a length, and fill bytes
_make_segment = tuple.__new__  # a third of the time of `Segment(...)`
_read_header = struct.Struct(">BBH").unpack_from
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd9\xff]")


class Segment(NamedTuple):
    """A segment: its marker's second byte, and where its content starts and ends in the file.

    The end is that of the file if the segment claims to go on behind it.
    """

    marker: int
    start: int
    end: int


def read_jpeg_segments(data: bytes) -> list[Segment]:
    r"""Return the segments of a JPEG in their order, up to the first start of scan (ITU-T T.81, B.1.1).

    The header of this scan is the last segment, if the file reaches it: the pixels follow. Takes about 5 microseconds
    for a photo of a camera; no segment is copied.

    Raises
    ------
    PhotoError
        If there are more than `MAX_SEGMENTS`, or more than `MAX_STRAY_BYTES` between them.

    Examples
    --------
    >>> read_jpeg_segments(b"\xff\xd8" + b"\xff\xe1\x00\x08Exif\x00\x00" + b"\xff\xd9")
    [Segment(marker=225, start=6, end=12)]
    """
    segments: list[Segment] = []
    at, n_stray, n_bytes = 2, 0, len(data)
    while at + 4 <= n_bytes:
        first, marker, length = _read_header(data, at)
        if first != 0xFF or marker in _NO_SEGMENT:
            found = _MARKER.search(data, at, at + MAX_STRAY_BYTES + 2)
            n_stray += (found.start() if found else n_bytes) - at
            if n_stray > MAX_STRAY_BYTES:
                raise PhotoError(f"JPEG with more than {MAX_STRAY_BYTES:,} stray bytes before its pixels")
            if found is None:
                break
            at = found.start()
            continue
        start = at + 4
        at = start + max(0, length - 2)
        segments.append(_make_segment(Segment, (marker, start, min(at, n_bytes))))
        if marker == START_OF_SCAN:
            break
        if len(segments) > MAX_SEGMENTS:
            raise PhotoError(f"JPEG with more than {MAX_SEGMENTS:,} segments before its pixels")
    return segments
