"""The look that every figure shares: colours, sizes, quiet axes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from headstart.report.text_drawing import measure_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DARK = "#2b2829"  # text, and what is right
GREY = "#80797c"  # training, and what is only there to compare with
ACCENT = "#981220"  # validation, and what is wrong or wants attention
PALE = "#e7e3e1"  # grids and fills
WHITE = "#ffffff"

CHART_DPI = 200  # twice the 100 pixels an inch at which the report shows figures
PHOTO_DPI = 110  # photos are 224 pixels or so: finer would only store the same pixels larger
TEXT_PT = 9.0
SMALL_PT = 7.5
EDGE_IN = 0.1  # white around everything
MEASURED_AT = 4  # times its size: small letters are as wide as whole pixels, not as they will be drawn


def start_figure(width_in: float, height_in: float) -> Figure:
    """Start an empty figure on white paper, without pyplot: no window, no state shared between threads.

    Parameters
    ----------
    width_in, height_in
        Size in inches; the report shows an inch as 100 pixels of the page.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=CHART_DPI, facecolor=WHITE)
    FigureCanvasAgg(figure)
    return figure


def add_axes(figure: Figure, left_in: float, bottom_in: float, width_in: float, height_in: float) -> Axes:
    """Add axes at a place in inches from the lower left corner.

    Every figure knows how long its texts are and leaves room for them: matplotlib's layout engines find out by
    drawing it several times over.
    """
    across, up = figure.get_size_inches()
    return figure.add_axes((left_in / across, bottom_in / up, width_in / across, height_in / up))


def name_axes(axes: Axes, x: str, y: str, beside_in: float) -> None:
    """Name the axes below and beside them.

    Parameters
    ----------
    beside_in
        How far the axes are from the left edge of the figure, or of its half. There the name stands, whatever the
        numbers between: so the names of two axes are in line.
    """
    axes.set_xlabel(x, labelpad=6)
    axes.set_ylabel(y)
    axes.yaxis.set_label_coords((EDGE_IN + TEXT_PT / 72 - beside_in) / (axes.bbox.width / CHART_DPI), 0.5)


def measure_widest(texts: Iterable[str], size_pt: float) -> float:
    """Return the width in inches of the longest of some texts, each of them one line as `make_drawable` returns it."""
    return max((measure_text(text, size_pt * MEASURED_AT) for text in texts), default=0.0) / (72 * MEASURED_AT)


def style_axes(axes: Axes, *, grid: str | None = None) -> None:
    """Take from the axes what is not data: the frame, dark ticks, a loud grid.

    Parameters
    ----------
    axes
        Changed in place.
    grid
        ``"x"``, ``"y"``, ``"both"`` or None: the direction of the grid lines.
    """
    axes.set_facecolor(WHITE)
    axes.tick_params(length=0, colors=GREY, labelcolor=DARK, labelsize=TEXT_PT)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set(color=DARK, fontsize=TEXT_PT)
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("left", "bottom"), color=PALE, linewidth=1.0)
    axes.set_axisbelow(True)
    if grid in ("x", "y", "both"):
        axes.grid(visible=True, axis=grid, color=PALE, linewidth=0.8)  # type: ignore[arg-type]
