"""Text on a Pillow image: measured and drawn, in any script.

Plain text, which most is, takes Pillow and the font file that comes with matplotlib, and no import of matplotlib.
The rest, such as Chinese or Arabic, is left to matplotlib, which finds fonts and joins letters.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.errors import EvaluationError
from headstart.report.fonts import choose_fonts, is_plain

if TYPE_CHECKING:
    from matplotlib.text import Text
    from PIL import Image
    from PIL.ImageFont import FreeTypeFont


def measure_text(text: str, size_px: float) -> float:
    """Return the width in pixels of one line of text, as `make_drawable` returns it."""
    if is_plain(text):
        return float(_load_font(size_px).getlength(text))
    _, written = _set_text(text, size_px, 1, 1, "black")
    return float(written.get_window_extent().width)


def draw_text(image: Image.Image, place: tuple[int, int], text: str, size_px: float, colour: str) -> None:
    """Draw one line of text, as `make_drawable` returns it, into an RGB image.

    Parameters
    ----------
    place
        Where its baseline begins, in pixels from the left and from the top.
    size_px
        The height of the font.
    colour
        Such as ``"#981220"``.
    """
    from PIL import Image, ImageDraw

    if is_plain(text):
        ImageDraw.Draw(image).text(place, text, fill=colour, font=_load_font(size_px), anchor="ls")
        return
    em = round(size_px)
    canvas, _ = _set_text(text, size_px, image.width - place[0], 3 * em, colour)
    canvas.draw()
    ink = Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba()))
    image.paste(ink, (place[0], place[1] - 2 * em), ink)


@cache
def _load_font(size_px: float) -> FreeTypeFont:
    from PIL import ImageFont

    # the basic layout is the same on every machine: the other is not compiled into every Pillow
    return ImageFont.truetype(_find_base_font(), size_px, layout_engine=ImageFont.Layout.BASIC)


def _find_base_font() -> Path:
    package = importlib.util.find_spec("matplotlib")  # finds it and does not import it
    if package is None or package.origin is None:
        raise EvaluationError("Cannot draw text: got no matplotlib, need the font in it. Install headstart again.")
    return Path(package.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"


def _set_text(text: str, size_px: float, width_px: int, height_px: int, colour: str) -> tuple[Any, Text]:
    """Set the text on a transparent canvas of its own, its baseline a third above the lower edge."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # at 72 pixels an inch a point is a pixel
    figure = Figure(figsize=(max(width_px, 1) / 72, height_px / 72), dpi=72)
    figure.patch.set_alpha(0)
    written = figure.text(
        0, 1 / 3, text, fontsize=size_px, color=colour, fontfamily=choose_fonts([text]), va="baseline", parse_math=False
    )
    return FigureCanvasAgg(figure), written
