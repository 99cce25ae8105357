"""Plot the training curves: accuracy and loss by epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from headstart.errors import EvaluationError
from headstart.report import figure_style as style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = tuple[str, float, float, float]
LegendPosition = Literal["lower right", "center right", "upper right"]

COLOURS = {"Training": style.GREY, "Validation": style.ACCENT}
# possible lower ends of the accuracy axis, each with its ticks in percent; the upper end is always 100%
FLOORS = {0.9: range(90, 101, 2), 0.8: range(80, 101, 5), 0.5: range(50, 101, 10), 0.0: range(0, 101, 20)}
WIDTH_IN, HEIGHT_IN = 7.2, 2.9
BELOW_IN = 0.52  # room for the numbers and the name of the horizontal axis
BESIDE_IN = 0.28  # room for the name of the vertical axis
MAX_DOTTED = 60  # epochs; with more, the dots of a curve would overlap


def plot_history(rows: Sequence[tuple[str, float, float | None, float | None]]) -> Figure:
    """Plot accuracy and loss by epoch, side by side.

    Parameters
    ----------
    rows
        The columns of ``history.csv``: ``"Training"`` or ``"Validation"``, epoch (from 0 or 1), accuracy (0 to 1) and
        mean log loss in nats. The plot leaves out rows with numbers that are not finite, as from training that
        diverged.

    Returns
    -------
    matplotlib.figure.Figure
        Figure with the axes "Epoch", "Accuracy" (percent) and "Loss". It is not open in pyplot and needs no closing.

    Raises
    ------
    EvaluationError
        If there is no finite row, or a row is neither of Training nor of Validation.
    """
    finite = [
        (data, epoch, accuracy, loss)
        for data, epoch, accuracy, loss in rows
        if accuracy is not None and loss is not None and math.isfinite(accuracy) and math.isfinite(loss)
    ]
    unknown = sorted({data for data, *_ in finite} - set(COLOURS))
    if not finite or unknown:
        raise EvaluationError(
            f"Cannot plot history: got {unknown or 'no finite rows'}, need rows of Training or Validation. "
            "Pass the rows of history.csv."
        )
    figure = style.start_figure(WIDTH_IN, HEIGHT_IN)
    beside_in = style.EDGE_IN + BESIDE_IN + style.measure_widest(["100%", "0.0000"], style.TEXT_PT)
    panel_in = WIDTH_IN / 2 - beside_in - style.EDGE_IN
    accuracy, loss = (
        style.add_axes(figure, left_in + beside_in, BELOW_IN, panel_in, HEIGHT_IN - BELOW_IN - style.EDGE_IN)
        for left_in in (0, WIDTH_IN / 2)
    )
    _draw_accuracy(accuracy, finite)
    _draw_loss(loss, finite)
    for axes, name in ((accuracy, "Accuracy"), (loss, "Loss")):
        style.name_axes(axes, "Epoch", name, beside_in)
        epochs = [int(epoch) for _, epoch, *_ in finite]
        axes.set_xticks(_choose_epochs(min(1, *epochs), max(epochs)))
        style.format_axes(axes, grid="both")
        axes.spines[:].set_visible(False)
    return figure


def _draw_accuracy(axes: Axes, rows: Sequence[Row]) -> None:
    lowest = min(accuracy for _, _, accuracy, _ in rows)
    floor = next(floor for floor in FLOORS if floor == 0 or lowest >= floor + 0.01)
    for data, colour in COLOURS.items():
        _draw_curve(axes, [(epoch, accuracy) for d, epoch, accuracy, _ in rows if d == data], data, colour)
    axes.set_yticks([percent / 100 for percent in FLOORS[floor]], [f"{percent}%" for percent in FLOORS[floor]])
    axes.set_ylim(floor - 0.05 * (1 - floor), 1 + 0.05 * (1 - floor))
    # inside the left plot: beside the right plot a phone would not show it
    heights = [(accuracy - floor) / (1 - floor) for accuracy in _list_late([(e, a) for _, e, a, _ in rows])]
    axes.legend(loc=_place_legend(heights), frameon=False, fontsize=style.TEXT_PT, labelcolor=style.DARK)


def _draw_loss(axes: Axes, rows: Sequence[Row]) -> None:
    from matplotlib.ticker import MaxNLocator

    for data, colour in COLOURS.items():
        _draw_curve(axes, [(epoch, loss) for d, epoch, _, loss in rows if d == data], data, colour)
    top = max(max(loss for *_, loss in rows), 1e-6)  # an axis needs a range, even if all losses are 0
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.set_ylim(-0.05 * top, 1.05 * top)


def _draw_curve(axes: Axes, points: Sequence[tuple[float, float]], name: str, colour: str) -> None:
    if points:
        marker = "o" if len(points) <= MAX_DOTTED else ""
        axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.9, marker=marker, markersize=4.2, label=name)


def _list_late(points: Sequence[tuple[float, float]]) -> list[float]:
    """Return the values of the later half of the epochs."""
    last = max(epoch for epoch, _ in points)
    return [value for epoch, value in points if 2 * epoch >= last]


def _place_legend(heights: Sequence[float]) -> LegendPosition:
    """Choose the position on the right that is farthest from the curves, whose heights there are 0 to 1."""
    places: dict[LegendPosition, float] = {"lower right": 0.13, "center right": 0.5, "upper right": 0.87}
    return max(places, key=lambda place: min(abs(height - places[place]) for height in heights))


def _choose_epochs(first: int, last: int) -> list[int]:
    """Choose about six ticks at whole epochs: there is no epoch 2.5."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 10**9) if last <= 6 * s)
    return [first, *range(step, last + 1, step)] if step > 1 else list(range(first, last + 1))
