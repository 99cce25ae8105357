"""Tell from the first bytes of a file whether it is an animation or has several pages."""

from __future__ import annotations

import struct

_FRAME, _EXTENSION = 0x2C, 0x21  # GIF89a 20, 24
_WEBP_ANIMATION = 0x02  # RFC 9649, 2.7.1


def has_several_frames(data: bytes, reader: str) -> bool:
    """Say whether a GIF, PNG, WebP or TIFF has more than one frame or page; of other formats False.

    Parameters
    ----------
    data
        Beginning of the file. A GIF or a TIFF whose second frame lies beyond it counts as one frame.
    reader
        Pillow's name of the format.
    """
    if reader == "PNG":
        return b"acTL" in data[: data.find(b"IDAT")]
    if reader == "WEBP":
        return data[12:16] == b"VP8X" and bool(data[20] & _WEBP_ANIMATION)
    if reader == "GIF":
        return _has_second_frame(data)
    return reader == "TIFF" and _has_second_page(data)


def _has_second_frame(data: bytes) -> bool:
    """Walk the blocks of a GIF up to its second frame."""
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    n_frames = 0
    while at + 10 < len(data):
        if data[at] == _FRAME:
            n_frames += 1
            if n_frames == 2:
                return True
            flags = data[at + 9]
            at += 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        elif data[at] == _EXTENSION:
            at += 2
        else:
            return False
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return False


def _has_second_page(data: bytes) -> bool:
    """Say whether the first directory of a TIFF names a next one (TIFF 6.0, section 2); a BigTIFF counts as one."""
    order = "<" if data.startswith(b"II") else ">"
    try:
        version, start = struct.unpack_from(order + "2xHI", data)
        (n_entries,) = struct.unpack_from(order + "H", data, start)
        (following,) = struct.unpack_from(order + "I", data, start + 2 + 12 * n_entries)
    except struct.error:
        return False
    return bool(version == 42 and following)
