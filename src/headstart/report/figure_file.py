"""Turn a figure into pixels, and pixels into a PNG file and into a ``data:`` address for a page."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from headstart.errors import RunError
from headstart.storage.local_files import open_regular, write_safely

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAKER = (b"tEXt", b"Software\0headstart")  # marks files that headstart may replace
RGB, UP = 2, 2  # the codes of PNG for RGB pixels and for the filter "up"
CSS_PX_PER_IN = 100  # width on the page of an inch of a figure
PHOTO_BYTES = 250_000  # a larger PNG holds photos: as JPEG they take a sixth
JPEG_QUALITY = 86


def draw_figure(figure: Figure) -> Image.Image:
    """Draw a figure that `start_figure` made as an RGB image, which records the resolution of the figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)  # its methods carry no types
    canvas.draw()
    size = canvas.get_width_height()
    image = Image.frombuffer("RGBA", size, canvas.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
    image.info["dpi"] = (figure.dpi, figure.dpi)
    return image


def encode_png(image: Image.Image) -> bytes:
    """Encode an image as an RGB PNG that records its resolution; the same image gives the same bytes.

    Pillow tries five filters on each row, which takes most of its time. Here each row is stored as its difference from
    the row above, and the compression looks only for runs. That halves the time; the file of a grid of photos is a
    tenth larger, that of a chart half as large again (PNG specification, third edition, 9.2).
    """
    import numpy as np  # late: the command starts the drawing of charts before it imports numpy

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
    """Raise RunError if a picture cannot be written to a path, or would replace a file that headstart did not draw."""
    problem = None
    if path.suffix.lower() != ".png":
        problem = "its name must end in .png"
    elif not path.parent.exists():
        problem = f"the folder '{path.parent}' does not exist"
    elif not path.parent.is_dir():
        problem = f"'{path.parent}' is not a folder"
    elif path.is_dir():
        problem = "it is a folder"
    elif path.exists() and not _is_drawn_by_headstart(path):
        problem = "it exists already, and headstart did not draw it"
    if problem is not None:
        raise RunError(f"Cannot write figure '{path}': {problem}. Choose another place.")


def _is_drawn_by_headstart(path: Path) -> bool:
    with suppress(OSError), open_regular(path) as file:
        return b"".join(MAKER) in file.read(100)
    return False


def save_png(image: Image.Image, path: str | Path) -> bytes:
    """Write an image as a PNG into an existing folder, and return its bytes.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    png = encode_png(image)
    try:
        with write_safely(Path(path)) as file:
            file.write(png)
    except OSError as error:
        raise RunError(
            f"Cannot write figure '{path}': got {error.strerror or error}, need a folder that can be written. "
            "Choose another place."
        ) from error
    return png


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
