"""Read the EXIF orientation of a photo, and turn its pixels upright."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from headstart.pixels.jpeg_segments import APP1, Segment

if TYPE_CHECKING:
    from PIL import Image

_EXIF_ORIENTATION = 0x0112
_EXIF, _XMP = b"Exif\x00\x00", b"http://ns.adobe.com/xap/1.0/\x00"
_XMP_ORIENTATION = re.compile(rb"""tiff:Orientation\s*(?:=\s*["']|>)\s*([1-8])\s*["'<]""")
_ENTRY_BYTES = 12
_INTEGER_SIZES = {1: 1, 3: 2, 4: 4}  # bytes of the types BYTE, SHORT and LONG (TIFF 6.0, section 2)


def read_jpeg_orientation(data: bytes, segments: Sequence[Segment]) -> int:
    """Return the orientation of a JPEG, 1 to 8; 1 if it is missing or unreadable.

    It stands in the first Exif segment, or else in the first XMP packet. A valid photo has no later ones.

    Parameters
    ----------
    segments
        Result of `read_jpeg_segments` for ``data``.
    """
    for head, read in ((_EXIF, find_exif_orientation), (_XMP, find_xmp_orientation)):
        for marker, start, end in segments:
            if marker == APP1 and data.startswith(head, start):
                found = read(data[start + len(head) : end])
                if found is not None:
                    return found
                break
    return 1


def find_xmp_orientation(xmp: bytes) -> int | None:
    """Return the property ``tiff:Orientation`` of an XMP packet (XMP 2, 2.6), 1 to 8, or None."""
    found = _XMP_ORIENTATION.search(xmp)
    return int(found[1]) if found else None


def find_exif_orientation(exif: bytes) -> int | None:
    """Return the orientation in the first directory of Exif data (TIFF 6.0, section 2), 1 to 8, or None."""
    if exif[:2] not in (b"II", b"MM"):
        return None
    order: Literal["little", "big"] = "little" if exif[:2] == b"II" else "big"
    directory = int.from_bytes(exif[4:8], order)
    first = directory + 2
    n_entries = int.from_bytes(exif[directory:first], order)
    for at in range(first, min(first + n_entries * _ENTRY_BYTES, len(exif) - _ENTRY_BYTES + 1), _ENTRY_BYTES):
        if int.from_bytes(exif[at : at + 2], order) == _EXIF_ORIENTATION:
            size = _INTEGER_SIZES.get(int.from_bytes(exif[at + 2 : at + 4], order), 0)
            value = int.from_bytes(exif[at + 8 : at + 8 + size], order)
            return value if 1 <= value <= 8 else None
    return None


def read_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of an open image, 1 to 8; 1 if it is missing or unreadable."""
    try:
        orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def turn_upright(pixels: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    """Undo an EXIF orientation of (H, W, 3) pixels (EXIF 2.3, tag 274)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels
