"""Plot the ROC curves and the curves of precision by recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from headstart.report import figure_style as style
from headstart.report.fonts import make_drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE_IN, BELOW_IN, RIGHT_IN, ROW_IN = 3.1, 0.5, 0.25, 0.18
FIFTHS = [0, 0.2, 0.4, 0.6, 0.8, 1]
MAX_NAME = 26  # characters of a label in the legend
# colour and dashes of each line: eight lines differ without relying on the colour alone
LINES = [(colour, dashes) for dashes, colour in product(("-", (0, (4, 2)), (0, (1, 1.5))),
                                                        (style.ACCENT, style.DARK, style.GREY))]  # fmt: skip


def plot_curves(curves: Sequence[Mapping[str, Any]], points: Sequence[Mapping[str, Any]] = ()) -> Figure:
    """Plot the ROC curve and precision by recall of each class, side by side, with the areas in the legends.

    Parameters
    ----------
    curves
        Curves as `trace_curves` returns them.
    points
        Working points: ``label``, ``recall``, ``false_alarm_rate`` and ``precision``. Each is a circle on the curves.
    """
    beside_in = style.EDGE_IN + 0.28 + style.measure_widest(["100%"], style.TEXT_PT)
    panel_in, legend_in = beside_in + SIDE_IN + RIGHT_IN, ROW_IN * len(curves) + 0.1
    figure = style.start_figure(2 * panel_in, BELOW_IN + SIDE_IN + 0.35 + legend_in)
    panels = (
        ("ROC curve", "false_alarm_rate", "recall", "roc_auc", "False alarms", "Recall"),
        ("Precision by recall", "recall", "precision", "average_precision", "Recall", "Precision"),
    )
    for place, (title, x, y, area, x_name, y_name) in enumerate(panels):
        axes = style.add_axes(figure, place * panel_in + beside_in, BELOW_IN + legend_in, SIDE_IN, SIDE_IN)
        if x == "false_alarm_rate":
            axes.plot([0, 1], [0, 1], color=style.PALE, linewidth=1)
        for number, (curve, (colour, dashes)) in enumerate(zip(curves, LINES, strict=False)):
            axes.plot(curve[x], curve[y], color=colour, linestyle=dashes, linewidth=1.6, label=str(number))
        _mark_points(axes, points, x, y)
        axes.set_title(title, loc="left", fontsize=style.TEXT_PT, color=style.DARK)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.set_xticks(FIFTHS, [f"{fifth:.0%}" for fifth in FIFTHS])
        axes.set_yticks(FIFTHS, [f"{fifth:.0%}" for fifth in FIFTHS])
        style.name_axes(axes, x_name, y_name, beside_in)
        style.format_axes(axes, grid="both")
        legend = axes.legend(
            loc="upper left", bbox_to_anchor=(-0.02, -0.42 / SIDE_IN), frameon=False, fontsize=style.SMALL_PT,
            labelcolor=style.DARK, borderaxespad=0, labelspacing=0.25, handlelength=2.6,
        )  # fmt: skip
        for text, curve in zip(legend.get_texts(), curves, strict=True):
            text.set_parse_math(False)  # a label may have dollars, and a label such as _a would be left out
            text.set_text(f"{make_drawable(curve['label'])[:MAX_NAME]}  {curve[area]:.3f}")
    return figure


def _mark_points(axes: Axes, points: Sequence[Mapping[str, Any]], x: str, y: str) -> None:
    for point in points:
        if point.get(x) is not None and point.get(y) is not None:
            axes.plot([point[x]], [point[y]], "o", color=style.WHITE, markeredgecolor=style.DARK, markersize=7,
                      markeredgewidth=1.6, zorder=4)  # fmt: skip
