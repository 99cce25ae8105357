"""A figure becomes pixels, and pixels become a PNG."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.errors import RunError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL import Image


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
    """Return an image as the bytes of a PNG, which records its pixels an inch: the same image gives the same bytes."""
    from PIL import Image

    buffer = io.BytesIO()
    # after PNG's own filters, runs are all there is to find in a photo: in the time of level 1 as short as level 6
    image.save(buffer, "PNG", dpi=image.info.get("dpi"), compress_level=1, compress_type=Image.RLE)
    return buffer.getvalue()


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
