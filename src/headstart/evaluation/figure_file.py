"""A figure becomes pixels, and pixels become a PNG."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import RunError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB, UP = 2, 2  # PNG's numbers for this kind of pixels and for the filter


def draw_figure(figure: Figure) -> Image.Image:
    """Draw a figure that `start_figure` started: RGB, at the figure's own pixels an inch, which the image records."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)  # its methods carry no types
    canvas.draw()
    size = canvas.get_width_height()
    image = Image.frombuffer("RGBA", size, canvas.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
    image.info["dpi"] = (figure.dpi, figure.dpi)
    return image


def encode_png(image: Image.Image) -> bytes:
    """Return an image as the bytes of an RGB PNG, which records its pixels an inch: the same image, the same bytes.

    Pillow tries five filters on every row, which takes longer than all the rest. Here each row is what it adds to the
    one above it, and after that runs are all there is to find in a photo: half the time. A grid of photos is a tenth
    longer, a chart half as long again (PNG specification, third edition, 9.2).
    """
    pixels = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    height, width, _ = pixels.shape
    flat = pixels.reshape(height, -1)
    rows = np.full((height, 1 + flat.shape[1]), UP, np.uint8)
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    per_metre = [round(value / 0.0254) for value in image.info.get("dpi", ())]
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, RGB, 0, 0, 0)),
        *([(b"pHYs", struct.pack(">IIB", *per_metre, 1))] if per_metre else []),
        (b"IDAT", packer.compress(rows.data) + packer.flush()),
        (b"IEND", b""),
    ]
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
        for kind, data in chunks
    )


def save_png(image: Image.Image, path: str | Path) -> bytes:
    """Write an image as a PNG into a folder that exists, and return the bytes that were written.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    png = encode_png(image)
    try:
        Path(path).write_bytes(png)
    except OSError as error:
        raise RunError(
            f"Cannot write figure '{path}': got {error.strerror or error}, need a folder that can be written. "
            "Choose another place."
        ) from error
    return png
