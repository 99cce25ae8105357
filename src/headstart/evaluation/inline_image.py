"""A figure's PNG becomes part of a page."""

from __future__ import annotations

import base64
import io
from typing import NamedTuple

from headstart.errors import EvaluationError

CSS_PX_PER_IN = 100  # on the page an inch of a figure is this many pixels wide
PHOTO_BYTES = 250_000  # a PNG above this holds photos, and JPEG stores them in a sixth
JPEG_QUALITY = 86


class InlineImage(NamedTuple):
    """An image as an address, with the size in CSS pixels at which it is crisp."""

    uri: str
    width: int
    height: int


def inline_png(png: bytes) -> InlineImage:
    """Turn a PNG into a ``data:`` address, as JPEG if it is large and that is less than half as long.

    Parameters
    ----------
    png
        The file's bytes. Its pixels an inch, if recorded, give its size on the page.

    Raises
    ------
    EvaluationError
        If the bytes are no PNG.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(png), formats=["PNG"])
    except UnidentifiedImageError as error:
        raise EvaluationError(
            f"Cannot embed figure: got {len(png)} bytes that are no PNG, need a PNG. Pass what save_figure returns."
        ) from error
    dpi = float(image.info.get("dpi", (CSS_PX_PER_IN, 0))[0])
    size = (round(side * CSS_PX_PER_IN / dpi) for side in image.size)
    kind, data = "png", png
    if len(png) > PHOTO_BYTES:
        buffer = io.BytesIO()
        # full colour resolution, or the red titles blur
        image.convert("RGB").save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
        if 2 * buffer.tell() < len(png):
            kind, data = "jpeg", buffer.getvalue()
    return InlineImage(f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}", *size)
