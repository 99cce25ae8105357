"""Lay out photos in a grid, each below its title, with Pillow, which is several times as fast as matplotlib."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headstart.errors import EvaluationError
from headstart.report.figure_style import DARK, PHOTO_DPI, WHITE
from headstart.report.fonts import make_drawable
from headstart.report.text_drawing import draw_text, measure_text

if TYPE_CHECKING:
    from PIL import Image

CELL_PX = 248  # three photos fill the width of the report
MARGIN_PX = 11
GAP_PX = 13
TITLE_PX = 14
LINE_PX = 19
MAX_LINES = 2  # lines that a long line of a title may take


def plot_photo_grid(
    photos: Sequence[NDArray[np.uint8]], titles: Sequence[str], *, n_columns: int = 3, cell_px: int = CELL_PX,
    colours: Sequence[str] | None = None,
) -> Image.Image:  # fmt: skip
    """Lay out photos in rows, uncropped and undistorted.

    Parameters
    ----------
    photos
        uint8 (H, W, 3) each, RGB, of any sizes; at least one.
    titles
        Title of each photo. Line breaks are kept, a long line becomes two lines, "" means no title.
    n_columns
        Photos per row.
    cell_px
        Longer side of each photo in the grid; photos are resized to it.
    colours
        Colour of each title. Default: dark. `DARK` marks right answers and `ACCENT` wrong ones.

    Returns
    -------
    PIL.Image.Image
        RGB image on white, at 110 dpi.

    Raises
    ------
    EvaluationError
        If there is no photo, the lengths differ, or a photo is not uint8 RGB.
    """
    from PIL import Image

    title_colours = [DARK] * len(photos) if colours is None else list(colours)
    _check_grid(photos, titles, title_colours, n_columns)
    fitted = [_fit_photo(photo, cell_px) for photo in photos]
    lines = [_wrap_title(title, cell_px) for title in titles]
    rows = [range(start, min(start + n_columns, len(photos))) for start in range(0, len(photos), n_columns)]
    titles_px = [LINE_PX * max(len(lines[i]) for i in row) + 5 for row in rows]
    photos_px = [max(fitted[i].height for i in row) for row in rows]
    width = 2 * MARGIN_PX + n_columns * (cell_px + GAP_PX) - GAP_PX
    height = 2 * MARGIN_PX + sum(titles_px) + sum(photos_px) + (len(rows) - 1) * GAP_PX
    grid = Image.new("RGB", (width, height), WHITE)
    grid.info["dpi"] = (PHOTO_DPI, PHOTO_DPI)
    top = MARGIN_PX
    for row, title_px, photo_px in zip(rows, titles_px, photos_px, strict=True):
        top += title_px
        for column, i in enumerate(row):
            left = MARGIN_PX + column * (cell_px + GAP_PX)
            for n_below, line in enumerate(reversed(lines[i])):
                draw_text(grid, (left, top - 9 - n_below * LINE_PX), line, TITLE_PX, title_colours[i])
            grid.paste(fitted[i], (left, top))
        top += photo_px + GAP_PX
    return grid


def _fit_photo(photo: NDArray[np.uint8], side_px: int) -> Image.Image:
    from PIL import Image

    image = Image.fromarray(photo)
    scale = side_px / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _wrap_title(title: str, width_px: int) -> list[str]:
    """Split a title into lines that fit above a photo, in characters that can be drawn."""
    return [line for part in title.split("\n") for line in _wrap_part(part, width_px)]


def _wrap_part(part: str, width_px: int) -> list[str]:
    width = max(8, int(width_px / (0.6 * TITLE_PX)))  # characters
    lines = [make_drawable(line) for line in textwrap.wrap(part, width)]
    shown = [_shorten_line(line, width_px) for line in lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        shown[-1] = shown[-1][:-1].rstrip("… ") + "…"
    return shown


def _shorten_line(line: str, width_px: int) -> str:
    """Shorten a line until it fits: wide letters take more room than `_wrap_part` assumes."""
    shown = line
    while len(shown) > 2 and (measured_px := measure_text(shown, TITLE_PX)) > width_px:
        shown = line[: min(len(shown) - 2, int(len(shown) * width_px / measured_px) - 1)] + "…"
    return shown


def _check_grid(
    photos: Sequence[NDArray[np.uint8]], titles: Sequence[str], colours: Sequence[str], n_columns: int
) -> None:
    problems = []
    if not photos or not len(photos) == len(titles) == len(colours) or n_columns < 1:
        problems.append(
            f"got {len(photos)} photos, {len(titles)} titles, {len(colours)} colours and {n_columns} columns, "
            "need equally many photos, titles and colours, and at least 1 photo and 1 column"
        )
    wrong = [p for p in photos if p.ndim != 3 or p.shape[2:] != (3,) or p.size == 0 or p.dtype != np.uint8]
    if wrong:
        problems.append(f"got {len(wrong)} photos like {wrong[0].dtype} {wrong[0].shape}, need uint8 (H, W, 3)")
    if problems:
        raise EvaluationError(f"Cannot plot photos: {'; '.join(problems)}. Decode the photos to RGB first.")
