"""Photos side by side, each under its title."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headstart.errors import EvaluationError
from headstart.evaluation.ink import INK, PHOTO_DPI, TEXT_PT, start_figure
from headstart.evaluation.lettering import choose_fonts, letter_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH_IN = 7.2
MARGIN_IN = 0.1
GAP_IN = 0.12
LINE_IN = 0.17
MAX_LINES = 2
CHARACTERS_PER_IN = 13.5


def plot_photo_grid(
    photos: Sequence[NDArray[np.uint8]],
    titles: Sequence[str],
    *,
    n_columns: int = 3,
    colours: Sequence[str] | None = None,
) -> Figure:
    """Show photos in rows, whole and in their own proportions.

    Parameters
    ----------
    photos
        uint8 (H, W, 3) each, RGB, of any sizes; at least one. Large ones are made smaller first.
    titles
        One line or two for each photo, above it; line breaks are kept, "" is none.
    n_columns
        Photos in a row.
    colours
        The colour of each title; None is dark. ``ink.INK`` says right and ``ink.ACCENT`` wrong.

    Returns
    -------
    matplotlib.figure.Figure
        7.2 inches wide, 130 pixels an inch.

    Raises
    ------
    EvaluationError
        If there is no photo, or the lengths differ, or a photo is not RGB in uint8.
    """
    shades = [INK] * len(photos) if colours is None else list(colours)
    _check_photos(photos, titles, shades, n_columns)
    cell_in = (WIDTH_IN - 2 * MARGIN_IN - (n_columns - 1) * GAP_IN) / n_columns
    lettered = [_wrap_title(title, cell_in) for title in titles]
    rows = [range(start, min(start + n_columns, len(photos))) for start in range(0, len(photos), n_columns)]
    title_in = [LINE_IN * max(_count_lines(lettered[i]) for i in row) + 0.05 for row in rows]
    photo_in = [cell_in * min(1.0, max(photos[i].shape[0] / photos[i].shape[1] for i in row)) for row in rows]
    height_in = sum(title_in) + sum(photo_in) + (len(rows) - 1) * GAP_IN + 2 * MARGIN_IN
    figure = start_figure(WIDTH_IN, height_in, dpi=PHOTO_DPI)
    # the cells are laid out by hand: the solver of matplotlib takes longer over them than over the photos
    figure.set_layout_engine("none")
    top = height_in - MARGIN_IN
    for row, row_title_in, row_photo_in in zip(rows, title_in, photo_in, strict=True):
        top -= row_title_in
        for column, i in enumerate(row):
            left = MARGIN_IN + column * (cell_in + GAP_IN)
            box = (left / WIDTH_IN, (top - row_photo_in) / height_in, cell_in / WIDTH_IN, row_photo_in / height_in)
            axes = figure.add_axes(box, anchor="NW")
            axes.imshow(_shrink_photo(photos[i], round(cell_in * PHOTO_DPI)))
            axes.set_axis_off()
            figure.text(
                left / WIDTH_IN, (top + 0.05) / height_in, lettered[i], color=shades[i], fontsize=TEXT_PT,
                va="bottom", fontfamily=choose_fonts([lettered[i]]), linespacing=1.15,
            )  # fmt: skip
        top -= row_photo_in + GAP_IN
    return figure


def _shrink_photo(photo: NDArray[np.uint8], side_px: int) -> NDArray[Any]:
    """Resize a photo that is larger than its cell; Pillow is tens of times faster at it than matplotlib."""
    from PIL import Image

    if max(photo.shape[:2]) <= side_px:
        return photo
    image = Image.fromarray(photo)
    image.thumbnail((side_px, side_px), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return np.asarray(image)


def _wrap_title(title: str, width_in: float) -> str:
    width = max(8, int(width_in * CHARACTERS_PER_IN))
    lines = [line for part in title.split("\n") for line in textwrap.wrap(part, width)]
    shown = lines[:MAX_LINES]
    if len(lines) > MAX_LINES:
        shown[-1] = shown[-1][:-1].rstrip() + "…"
    return "\n".join(letter_text(line) for line in shown)


def _count_lines(text: str) -> int:
    return text.count("\n") + 1 if text else 0


def _check_photos(
    photos: Sequence[NDArray[np.uint8]], titles: Sequence[str], colours: Sequence[str], n_columns: int
) -> None:
    problems = []
    if not photos or not len(photos) == len(titles) == len(colours) or n_columns < 1:
        problems.append(
            f"got {len(photos)} photos, {len(titles)} titles, {len(colours)} colours and {n_columns} columns, "
            "need as many of each, and at least 1"
        )
    wrong = [p for p in photos if p.ndim != 3 or p.shape[2:] != (3,) or p.size == 0 or p.dtype != np.uint8]
    if wrong:
        problems.append(f"got {len(wrong)} photos like {wrong[0].dtype} {wrong[0].shape}, need uint8 (H, W, 3)")
    if problems:
        raise EvaluationError(f"Cannot plot photos: {'; '.join(problems)}. Decode the photos to RGB first.")
