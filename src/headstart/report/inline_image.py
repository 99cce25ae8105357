"""A figure becomes part of a page."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL import Image

CSS_PX_PER_IN = 100  # on the page an inch of a figure is this many pixels wide
PHOTO_BYTES = 250_000  # a PNG above this holds photos, and JPEG stores them in a sixth
JPEG_QUALITY = 86


class InlineImage(NamedTuple):
    """An image as an address, with the size in CSS pixels at which it is crisp."""

    uri: str
    width: int
    height: int


def inline_image(image: Image.Image, png: bytes) -> InlineImage:
    """Turn an image into a ``data:`` address: its PNG, or a JPEG if that is large and the JPEG less than half as long.

    Parameters
    ----------
    image
        RGB. Its pixels an inch, if recorded, give its size on the page.
    png
        The same image as the bytes of a PNG.
    """
    dpi = float(image.info.get("dpi", (CSS_PX_PER_IN, 0))[0])
    size = (round(side * CSS_PX_PER_IN / dpi) for side in image.size)
    kind, data = "png", png
    if len(png) > PHOTO_BYTES:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)  # full colour resolution, or red titles blur
        if 2 * buffer.tell() < len(png):
            kind, data = "jpeg", buffer.getvalue()
    return InlineImage(f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}", *size)
