"""Recognise the format of a photo by its first bytes; a name only tells which files to look at."""

from __future__ import annotations

import os

HEAD_SIZE = 32  # bytes that `sniff_format` needs
PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})

# W3C PNG 5.2, ITU-T T.81 B.2, GIF89a 17, TIFF 6.0 section 2, BigTIFF; Pillow reads two mixed-up TIFFs as well
_SIGNATURES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II\x00*", "tiff"),
    (b"MM*\x00", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
)
# bytes 14 to 18: without this check, any text that starts with BM would be a BMP
_BMP_HEADER_SIZES = (12, 40, 52, 56, 64, 108, 124)


def sniff_format(head: bytes) -> str | None:
    r"""Return the format of a photo, given its first 32 bytes.

    Returns
    -------
    ``"jpeg"``, ``"png"``, ``"webp"``, ``"bmp"``, ``"gif"`` or ``"tiff"``; None for anything else.

    Examples
    --------
    >>> sniff_format(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    'jpeg'
    >>> sniff_format(b"BMW is a car maker") is None
    True
    """
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return "bmp"
    return None


def is_photo_name(name: str) -> bool:
    """Return whether a file is named like a photo."""
    return os.path.splitext(name)[1].lower() in PHOTO_SUFFIXES  # noqa: PTH122  a `Path` takes ten times as long
