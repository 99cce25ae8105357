"""Measure and draw text on a Pillow image, in any script.

Pillow draws plain text, which most text is, with the font file of matplotlib, without importing matplotlib.
Matplotlib draws the rest, such as Chinese or Arabic: it finds fonts and joins letters.
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
    """Return the width in pixels of one line of text that `make_drawable` returned."""
    if is_plain(text):
        return float(_load_font(size_px).getlength(text))
    _, drawn = _prepare_text(text, size_px, 1, 1, "black")
    return float(drawn.get_window_extent().width)


def draw_text(image: Image.Image, place: tuple[int, int], text: str, size_px: float, colour: str) -> None:
    """Draw one line of text that `make_drawable` returned into an RGB image.

    Its baseline starts at ``place``, in pixels from the left and from the top. ``colour`` is like ``"#981220"``.
    """
    from PIL import Image, ImageDraw

    if is_plain(text):
        ImageDraw.Draw(image).text(place, text, fill=colour, font=_load_font(size_px), anchor="ls")
        return
    em = round(size_px)
    canvas, _ = _prepare_text(text, size_px, image.width - place[0], 3 * em, colour)
    canvas.draw()
    drawn = Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba()))
    image.paste(drawn, (place[0], place[1] - 2 * em), drawn)


@cache
def _load_font(size_px: float) -> FreeTypeFont:
    from PIL import ImageFont

    # the basic layout is in every Pillow, so that every machine draws the same
    return ImageFont.truetype(_find_base_font(), size_px, layout_engine=ImageFont.Layout.BASIC)


def _find_base_font() -> Path:
    package = importlib.util.find_spec("matplotlib")  # does not import it
    if package is None or package.origin is None:
        raise EvaluationError("Cannot draw text: got no matplotlib, need the font in it. Install headstart again.")
    return Path(package.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"


def _prepare_text(text: str, size_px: float, width_px: int, height_px: int, colour: str) -> tuple[Any, Text]:
    """Place the text on a transparent canvas, its baseline a third of the height above the lower edge."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # at 72 dpi a point is a pixel
    figure = Figure(figsize=(max(width_px, 1) / 72, height_px / 72), dpi=72)
    figure.patch.set_alpha(0)
    placed = figure.text(
        0, 1 / 3, text, fontsize=size_px, color=colour, fontfamily=choose_fonts([text]), va="baseline", parse_math=False
    )
    return FigureCanvasAgg(figure), placed
