"""The look that every figure shares: colours, sizes, quiet axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#2b2829"  # text, and what is right
GREY = "#80797c"  # training, and what is only there to compare with
ACCENT = "#981220"  # validation, and what is wrong or wants attention
PALE = "#e7e3e1"  # grids and fills
PAPER = "#ffffff"

CHART_DPI = 200  # twice the 100 pixels an inch at which the report shows figures
PHOTO_DPI = 130  # photos are 224 pixels or so: finer would only store the same pixels larger
TEXT_PT = 9.0
SMALL_PT = 7.5


def start_figure(width_in: float, height_in: float, *, dpi: int = CHART_DPI) -> Figure:
    """Start an empty figure on white paper, without pyplot: no window, no state shared between threads.

    Parameters
    ----------
    width_in, height_in
        Size in inches; the report shows an inch as 100 pixels of the page.
    dpi
        Pixels an inch of the image file.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    figure = Figure(figsize=(width_in, height_in), dpi=dpi, layout=layout, facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure


def quieten_axes(axes: Axes, *, grid: str | None = None) -> None:
    """Take from the axes what is not data: the frame, dark ticks, a loud grid.

    Parameters
    ----------
    axes
        Changed in place.
    grid
        ``"x"``, ``"y"``, ``"both"`` or None: the direction of the grid lines.
    """
    axes.set_facecolor(PAPER)
    axes.tick_params(length=0, colors=GREY, labelcolor=INK, labelsize=TEXT_PT)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set(color=INK, fontsize=TEXT_PT)
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("left", "bottom"), color=PALE, linewidth=1.0)
    axes.set_axisbelow(True)
    if grid in ("x", "y", "both"):
        axes.grid(visible=True, axis=grid, color=PALE, linewidth=0.8)  # type: ignore[arg-type]
