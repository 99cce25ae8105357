"""Read the EXIF orientation of a photo, and turn its pixels upright."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from headstart.pixels.pillow_warnings import ignore_pillow_warnings

if TYPE_CHECKING:
    from PIL import Image

_EXIF_ORIENTATION = 0x0112
_APP1, _START_OF_SCAN = 0xE1, 0xDA  # ITU-T T.81, table B.1


def read_jpeg_orientation(data: bytes) -> int:
    """Return the EXIF orientation of a JPEG, 1 to 8, without decoding it; 1 if it is missing or unreadable."""
    if not any(marker == _APP1 and data.startswith(b"Exif\x00\x00", start) for marker, start in _walk_segments(data)):
        return 1  # most photos: to open them with Pillow would take longer than this search
    from PIL import Image

    try:
        with ignore_pillow_warnings(), Image.open(io.BytesIO(data), formats=("JPEG", "MPO")) as image:
            return read_orientation(image)
    except Exception:
        return 1  # the pixels are decoded: an unreadable tag is no reason to refuse the photo


def _walk_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the marker and the start of the content of each segment before the pixels (ITU-T T.81, B.1.1)."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF or data[at + 1] in (0x00, 0xFF):  # stray bytes, stuffing or fill bytes before a marker
            at += 1
            continue
        marker = data[at + 1]
        if marker == _START_OF_SCAN:
            return
        if marker == 0x01 or 0xD0 <= marker <= 0xD9:  # markers without a length
            at += 2
            continue
        yield marker, at + 4
        at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))


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
