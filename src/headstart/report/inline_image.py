"""Turn a figure into a ``data:`` address, for a page that needs no other file."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL import Image

CSS_PX_PER_IN = 100  # width on the page of an inch of a figure
PHOTO_BYTES = 250_000  # a larger PNG holds photos: as JPEG they take a sixth
JPEG_QUALITY = 86


class InlineImage(NamedTuple):
    """An image as a ``data:`` address, and its size on the page in CSS pixels."""

    uri: str
    width: int
    height: int


def inline_image(image: Image.Image, png: bytes) -> InlineImage:
    """Turn an image into a ``data:`` address: of its PNG, or of a JPEG if that halves a large PNG.

    Parameters
    ----------
    image
        RGB image. Its resolution (``info["dpi"]``), if recorded, gives its size on the page.
    png
        The same image as a PNG file.
    """
    dpi = float(image.info.get("dpi", (CSS_PX_PER_IN, 0))[0])
    size = (round(side * CSS_PX_PER_IN / dpi) for side in image.size)
    kind, data = "png", png
    if len(png) > PHOTO_BYTES:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)  # no colour subsampling: it blurs red titles
        if 2 * buffer.tell() < len(png):
            kind, data = "jpeg", buffer.getvalue()
    return InlineImage(f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}", *size)
