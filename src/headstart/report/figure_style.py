"""The style that all figures share: colours, sizes, axes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from headstart.report.text_drawing import measure_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

DARK = "#2b2829"  # text; right answers
GREY = "#80797c"  # training; references
ACCENT = "#981220"  # validation; wrong answers
PALE = "#e7e3e1"  # grid lines and fills
WHITE = "#ffffff"

CHART_DPI = 200  # twice the 100 CSS pixels an inch of the report, for sharp screens
PHOTO_DPI = 110  # photos have about 224 pixels: a higher resolution shows no more of them
TEXT_PT = 9.0
SMALL_PT = 7.5
EDGE_IN = 0.1  # white margin
MEASURED_AT = 4  # times the size: Pillow rounds the width of small letters to whole pixels


def start_figure(width_in: float, height_in: float) -> Figure:
    """Make an empty white figure without pyplot: it opens no window and shares no state between threads.

    The report shows an inch as 100 CSS pixels.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=CHART_DPI, facecolor=WHITE)
    FigureCanvasAgg(figure)
    return figure


def add_axes(figure: Figure, left_in: float, bottom_in: float, width_in: float, height_in: float) -> Axes:
    """Add axes at a position in inches from the lower left corner.

    Each figure measures its texts and leaves room for them. Matplotlib's layout engines do this too, but draw the
    figure several times.
    """
    across, up = figure.get_size_inches()
    return figure.add_axes((left_in / across, bottom_in / up, width_in / across, height_in / up))


def name_axes(axes: Axes, x: str, y: str, beside_in: float) -> None:
    """Write the names of both axes; the names of vertical axes stand in line, however wide the numbers are.

    ``beside_in`` is the distance of the axes from the left edge of the figure, or of its half, where the name stands.
    """
    axes.set_xlabel(x, labelpad=6)
    axes.set_ylabel(y)
    axes.yaxis.set_label_coords((EDGE_IN + TEXT_PT / 72 - beside_in) / (axes.bbox.width / CHART_DPI), 0.5)


def mark_shares(axis: Axis, span: float) -> None:
    """Mark an axis of shares that is ``span`` long with a few percentages, none of which has to be rounded."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))  # no steps of 2.5
    axis.set_major_formatter(PercentFormatter(1.0, decimals=0 if span > 0.06 else 1 if span > 0.006 else 2))


def measure_widest(texts: Iterable[str], size_pt: float) -> float:
    """Return the width in inches of the widest of single lines that `make_drawable` returned."""
    return max((measure_text(text, size_pt * MEASURED_AT) for text in texts), default=0.0) / (72 * MEASURED_AT)


def format_axes(axes: Axes, *, grid: Literal["x", "y", "both"] | None = None) -> None:
    """Style the axes: no frame above and on the right, no tick marks, pale lines on the axis ``grid``."""
    axes.set_facecolor(WHITE)
    axes.tick_params(length=0, colors=GREY, labelcolor=DARK, labelsize=TEXT_PT)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set(color=DARK, fontsize=TEXT_PT)
    for side, spine in axes.spines.items():
        spine.set(visible=side in ("left", "bottom"), color=PALE, linewidth=1.0)
    axes.set_axisbelow(True)
    if grid is not None:
        axes.grid(visible=True, axis=grid, color=PALE, linewidth=0.8)
