"""A figure becomes pixels, and pixels become a PNG."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import RunError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAKER = (b"tEXt", b"Software\0headstart")  # tells our pictures from the user's
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
        MAKER,
        *([(b"pHYs", struct.pack(">IIB", *per_metre, 1))] if per_metre else []),
        (b"IDAT", packer.compress(rows.data) + packer.flush()),
        (b"IEND", b""),
    ]
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
        for kind, data in chunks
    )


def check_picture_path(path: Path) -> None:
    """Raise RunError if a picture cannot be written to a path, or would replace a file that is no picture of ours."""
    problem = None
    if path.suffix.lower() != ".png":
        problem = "its name must end in .png"
    elif not path.parent.is_dir():
        problem = f"'{path.parent}' is no folder"
    elif path.is_dir():
        problem = "it is a folder"
    elif path.exists() and not _is_ours(path):
        problem = "it exists already, and is no picture that headstart drew"
    if problem is not None:
        raise RunError(f"Cannot write figure '{path}': {problem}. Choose another place.")


def _is_ours(path: Path) -> bool:
    with suppress(OSError), path.open("rb") as file:
        return b"".join(MAKER) in file.read(100)
    return False


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
