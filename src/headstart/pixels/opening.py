"""Open a photo with the reader of its format, before its pixels are decoded."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from headstart.pixels.file_format import FileFormat
from headstart.pixels.libtiff_messages import silence_libtiff

if TYPE_CHECKING:
    from PIL import Image


def open_image(data: bytes, kind: FileFormat) -> Image.Image:
    """Open a photo by the reader of its format alone: Pillow has many more, and those of EPS and WMF start programs."""
    if kind.reader == "HEIF":
        from pillow_heif import HeifImageFile  # its opener is not registered: the program's own Pillow stays as it is

        image: Image.Image = HeifImageFile(io.BytesIO(data))
        return image
    if kind.reader == "TIFF":
        silence_libtiff()
    from PIL import Image

    return Image.open(io.BytesIO(data), formats=(kind.reader,))


def drop_unused_alpha(image: Image.Image, data: bytes, kind: FileFormat) -> Image.Image:
    """Return a decoded TGA without its alpha channel if its header says that it has no bits of alpha (TGA 2.0, 5.6)."""
    return image.convert("RGB") if kind.reader == "TGA" and data[17] & 0x0F == 0 and image.mode == "RGBA" else image
