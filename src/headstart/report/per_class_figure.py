"""Plot the recall of each class with its 95% interval, the lowest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headstart.errors import EvaluationError
from headstart.report import figure_style as style
from headstart.report.fonts import choose_fonts, make_axis_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_CLASSES = 40  # with more classes, those of the highest recall are left out
WIDTH_IN = 5.6
ABOVE_IN, BELOW_IN = 0.22, 0.5
COUNTS_IN = 0.65  # room for the numbers of photos, right of the axes


def plot_per_class(per_class: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Plot the recall of each class: the share of its photos that were found, with the 95% interval.

    Parameters
    ----------
    per_class
        Class name to ``recall``, ``recall_ci95`` and ``support``, as ``evaluate_probabilities`` returns it. The plot
        leaves out classes without photos, and shows at most the 40 classes of the lowest recall.

    Returns
    -------
    matplotlib.figure.Figure
        Figure with a row for each class, the lowest recall on top, and its number of photos.

    Raises
    ------
    EvaluationError
        If no class has a photo.
    """
    from matplotlib.ticker import PercentFormatter

    names = dict(zip(per_class, make_axis_names(list(per_class)), strict=True))
    judged = sorted((row["recall"], name) for name, row in per_class.items() if row["recall"] is not None)
    if not judged:
        raise EvaluationError(
            f"Cannot plot recall: got {len(per_class)} classes, all without photos, need at least 1 photo. "
            "Evaluate a split that has photos."
        )
    shown = [name for _, name in judged[:MAX_CLASSES]]
    size = style.TEXT_PT if len(shown) <= 20 else style.SMALL_PT
    labels = [names[name] for name in shown]
    beside_in = style.EDGE_IN + 0.06 + style.measure_widest(labels, size)
    height_in = 0.1 + 0.26 * len(shown)
    figure = style.start_figure(WIDTH_IN, ABOVE_IN + height_in + BELOW_IN)
    axes = style.add_axes(figure, beside_in, BELOW_IN, WIDTH_IN - beside_in - COUNTS_IN, height_in)
    _draw_rows(axes, [per_class[name] for name in shown])
    left_out = len(judged) - len(shown)
    axes.set_xlabel("Recall" + (f" (the {len(shown)} lowest of {len(judged):,} classes)" if left_out else ""))
    axes.set(xlim=(0, 1.0), ylim=(len(shown) - 0.4, -0.6))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    style.format_axes(axes, grid="x")
    axes.set_yticks(range(len(shown)), labels, fontfamily=choose_fonts(labels), fontsize=size, parse_math=False)
    return figure


def _draw_rows(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    places = range(len(rows))
    lows, highs = zip(*(row["recall_ci95"] for row in rows), strict=True)
    axes.hlines(places, lows, highs, color=style.GREY, linewidth=5, alpha=0.4)
    axes.plot([row["recall"] for row in rows], places, "o", color=style.ACCENT, markersize=5.5, clip_on=False)
    for place, text in enumerate(["photos", *(f"{row['support']:,}" for row in rows)], -1):
        axes.annotate(
            text, (1, place), xycoords=("axes fraction", "data"), xytext=(16, 0), textcoords="offset points",
            va="center", fontsize=style.SMALL_PT, color=style.GREY, annotation_clip=False,
        )  # fmt: skip
