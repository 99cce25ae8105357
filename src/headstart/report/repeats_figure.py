"""Plot the accuracies of repeats on other splits, their mean, and the run itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headstart.errors import EvaluationError
from headstart.evaluation.words import count_photos
from headstart.report import figure_style as style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN, HEIGHT_IN = 5.6, 1.25  # of the figure, and of its axes
ABOVE_IN, BELOW_IN, RIGHT_IN = 0.1, 0.5, 0.25
N_PLACES = 60  # along the axis; dots at one place are stacked
MARGIN = 0.1  # left and right of the numbers, as a share of their range


def plot_repeats(repeats: Mapping[str, Any], test: Mapping[str, Any]) -> Figure:
    """Plot the test accuracy of each split as a dot, and below them their mean and the run, with 95% intervals.

    Parameters
    ----------
    repeats
        ``accuracies``, ``mean`` and ``mean_ci95``, as metrics.json has them.
    test
        ``accuracy``, ``accuracy_ci95`` and ``n`` of the run itself.

    Raises
    ------
    EvaluationError
        If there are no accuracies.
    """
    accuracies = sorted(repeats["accuracies"])
    if not accuracies:
        raise EvaluationError("Cannot plot repeats: got no accuracies, need at least 1. Train on another split.")
    ends = [*repeats["mean_ci95"], *test["accuracy_ci95"], accuracies[0], accuracies[-1]]
    span = max(ends) - min(ends) or 0.1
    low, high = max(0.0, min(ends) - MARGIN * span), min(1.0, max(ends) + MARGIN * span)
    names = ["Each split", f"Mean of {len(accuracies)} splits", f"This run, {count_photos(test['n'], 'test')}"]
    beside_in = style.EDGE_IN + 0.12 + style.measure_widest(names, style.TEXT_PT)
    figure = style.start_figure(WIDTH_IN, ABOVE_IN + HEIGHT_IN + BELOW_IN)
    axes = style.add_axes(figure, beside_in, BELOW_IN, WIDTH_IN - beside_in - RIGHT_IN, HEIGHT_IN)
    places = _stack_dots(accuracies, (high - low) / N_PLACES)
    axes.plot(accuracies, places, "o", color=style.GREY, markersize=5, clip_on=False)
    _draw_interval(axes, 1, repeats["mean"], repeats["mean_ci95"], style.ACCENT)
    _draw_interval(axes, 2, test["accuracy"], test["accuracy_ci95"], style.DARK)
    axes.set(xlim=(low, high), ylim=(2.5, -0.6))
    axes.set_xlabel("Test accuracy")
    style.mark_shares(axes.xaxis, high - low)
    style.format_axes(axes, grid="x")
    axes.set_yticks(range(3), names)
    return figure


def _stack_dots(values: Sequence[float], step: float) -> list[float]:
    """Return the heights of sorted values: around 0, and side by side where several values share a place."""
    together: dict[int, list[int]] = {}
    for number, value in enumerate(values):
        together.setdefault(round(value / step), []).append(number)
    highest = max(map(len, together.values()))
    apart = min(0.2, 0.8 / highest)
    heights = [0.0] * len(values)
    for numbers in together.values():
        for place, number in enumerate(numbers):
            heights[number] = apart * (place - (len(numbers) - 1) / 2)
    return heights


def _draw_interval(axes: Axes, row: int, value: float, ends: Sequence[float], colour: str) -> None:
    axes.hlines([row], ends[0], ends[1], color=colour, linewidth=5, alpha=0.3)
    axes.plot([value], [row], "o", color=colour, markersize=6, clip_on=False)
