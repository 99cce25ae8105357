"""The reliability diagram: confidence against how often it was justified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headstart.evaluation.calibration import CalibrationBin
from headstart.evaluation.ink import ACCENT, GREY, INK, PALE, TEXT_PT, quieten_axes, start_figure
from headstart.evaluation.intervals import wilson_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_reliability(bins: Sequence[CalibrationBin], ece: float) -> Figure:
    """Plot the accuracy of each bin over its confidence, and below it how many photos the bin holds.

    Parameters
    ----------
    bins
        Bins of equal width from 0 to 1, as ``evaluate_probabilities`` gives them; empty ones are left out.
    ece
        Expected calibration error, 0 to 1: written above the plot.

    Returns
    -------
    matplotlib.figure.Figure
        Points with their 95% interval; on the dashed line confidence and accuracy are the same.
    """
    from matplotlib.ticker import PercentFormatter

    figure = start_figure(4.6, 4.4)
    axes, counts = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [4, 1], "hspace": 0.04})
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    _draw_points(axes, bins)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04), ylabel="Accuracy")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_title(f"Expected calibration error {ece:.1%}", loc="left", fontsize=TEXT_PT, color=INK)
    width = 1 / len(bins)
    counts.bar([(i + 0.5) * width for i in range(len(bins))], [b["n"] for b in bins], width * 0.86, color=GREY)
    counts.set(xlabel="Confidence", ylabel="Photos")
    counts.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    counts.yaxis.get_major_locator().set_params(nbins=3, integer=True)
    for panel in (axes, counts):
        quieten_axes(panel, grid="y")
    axes.grid(visible=True, color=PALE, linewidth=0.8)
    figure.align_ylabels()
    return figure


def _draw_points(axes: Axes, bins: Sequence[CalibrationBin]) -> None:
    """Few photos make an accuracy that means little: its interval says so."""
    for each in bins:
        confidence, accuracy, n = each["confidence"], each["accuracy"], each["n"]
        if confidence is None or accuracy is None:
            continue
        axes.plot([confidence] * 2, wilson_interval(accuracy * n, n), color=ACCENT, linewidth=1.4, alpha=0.45)
        axes.plot([confidence], [accuracy], "o", color=ACCENT, markersize=5)
