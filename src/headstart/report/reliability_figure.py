"""Plot the reliability diagram: accuracy against confidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headstart.evaluation.calibration import CalibrationBin
from headstart.evaluation.intervals import wilson_interval
from headstart.report import figure_style as style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIFTHS = [0, 0.2, 0.4, 0.6, 0.8, 1]
RIGHT_IN = 0.2  # half of the text "100%"


def plot_reliability(bins: Sequence[CalibrationBin], ece: float) -> Figure:
    """Plot the accuracy of each bin against its mean confidence, and below it the number of photos in the bin.

    Parameters
    ----------
    bins
        Bins of equal width from 0 to 1, as ``evaluate_probabilities`` returns them. Empty bins have no point.
    ece
        Expected calibration error, 0 to 1; the title of the plot.

    Returns
    -------
    matplotlib.figure.Figure
        Figure of points with their 95% intervals. On its dashed line accuracy equals confidence.
    """
    counts = [each["n"] for each in bins]
    beside_in = style.EDGE_IN + 0.28 + style.measure_widest(["100%", f"{max(counts):,}"], style.TEXT_PT)
    figure = style.start_figure(beside_in + 3.75 + RIGHT_IN, 4.4)
    upper = style.add_axes(figure, beside_in, 1.42, 3.75, 2.7)
    lower = style.add_axes(figure, beside_in, 0.5, 3.75, 0.68)
    upper.plot([0, 1], [0, 1], color=style.GREY, linewidth=1, linestyle=(0, (4, 3)))
    _draw_points(upper, bins)
    upper.set_title(f"Expected calibration error {ece:.1%}", loc="left", fontsize=style.TEXT_PT, color=style.DARK)
    upper.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04))
    style.name_axes(upper, "", "Accuracy", beside_in)
    _draw_counts(lower, counts)
    lower.set(xlim=(-0.02, 1.02))
    style.name_axes(lower, "Confidence", "Photos", beside_in)
    percents = [f"{percent}%" for percent in range(0, 101, 20)]
    upper.set_yticks(FIFTHS, percents)
    upper.set_xticks(FIFTHS)
    upper.tick_params(axis="x", labelbottom=False)
    lower.set_xticks(FIFTHS, percents)
    style.format_axes(upper, grid="both")
    style.format_axes(lower, grid="y")
    return figure


def _draw_points(axes: Axes, bins: Sequence[CalibrationBin]) -> None:
    """Draw each bin as a point with its 95% interval, which is wide if the bin has few photos."""
    points = [
        (each["confidence"], each["accuracy"], *wilson_interval(each["accuracy"] * each["n"], each["n"]))
        for each in bins
        if each["confidence"] is not None and each["accuracy"] is not None
    ]
    if points:
        confidences, accuracies, lows, highs = zip(*points, strict=True)
        axes.vlines(confidences, lows, highs, color=style.ACCENT, linewidth=1.4, alpha=0.45)
        axes.plot(confidences, accuracies, "o", color=style.ACCENT, markersize=5)


def _draw_counts(axes: Axes, counts: Sequence[int]) -> None:
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    width = 1 / len(counts)
    axes.bar([(i + 0.5) * width for i in range(len(counts))], counts, width * 0.86, color=style.GREY)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
