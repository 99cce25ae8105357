"""The curves of training: accuracy and loss by epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from headstart.errors import EvaluationError
from headstart.report.figure_style import (
    ACCENT,
    DARK,
    EDGE_IN,
    GREY,
    TEXT_PT,
    add_axes,
    measure_widest,
    name_axes,
    start_figure,
    style_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = tuple[str, float, float, float]
Place = Literal["lower right", "center right", "upper right"]

COLOURS = {"Training": GREY, "Validation": ACCENT}
# where the axis of accuracy may begin, and its ticks in percent; it always ends at 100%
FLOORS = {0.9: range(90, 101, 2), 0.8: range(80, 101, 5), 0.5: range(50, 101, 10), 0.0: range(0, 101, 20)}
WIDTH_IN, HEIGHT_IN = 7.2, 2.9
BELOW_IN = 0.52  # the numbers and the name of the lower axis
BESIDE_IN = 0.28  # the name of the left axis
MAX_DOTTED = 60  # epochs; with more, the dots of a curve would run together


def plot_history(rows: Sequence[tuple[str, float, float | None, float | None]]) -> Figure:
    """Plot accuracy and loss by epoch, side by side.

    Parameters
    ----------
    rows
        ``(data, epoch, accuracy, loss)`` each: ``"Training"`` or ``"Validation"``, the epoch from 0 or 1, the accuracy
        from 0 to 1, the mean log loss in nats. The columns of ``history.csv``. Rows whose numbers are not finite,
        as after training that diverged, are left out.

    Returns
    -------
    matplotlib.figure.Figure
        Axes "Epoch", "Accuracy" (percent, up to 100%) and "Loss"; not known to pyplot, nothing to close.

    Raises
    ------
    EvaluationError
        If there is no finite row, or one belongs to neither Training nor Validation.
    """
    finite = [
        (data, epoch, accuracy, loss)
        for data, epoch, accuracy, loss in rows
        if accuracy is not None and loss is not None and math.isfinite(accuracy) and math.isfinite(loss)
    ]
    strangers = sorted({data for data, *_ in finite} - set(COLOURS))
    if not finite or strangers:
        raise EvaluationError(
            f"Cannot plot history: got {strangers or 'no finite rows'}, need rows of Training or Validation. "
            "Pass the rows of history.csv."
        )
    figure = start_figure(WIDTH_IN, HEIGHT_IN)
    beside_in = EDGE_IN + BESIDE_IN + measure_widest(["100%", "0.0000"], TEXT_PT)
    panel_in = WIDTH_IN / 2 - beside_in - EDGE_IN
    accuracy, loss = (
        add_axes(figure, left_in + beside_in, BELOW_IN, panel_in, HEIGHT_IN - BELOW_IN - EDGE_IN)
        for left_in in (0, WIDTH_IN / 2)
    )
    _draw_accuracy(accuracy, finite)
    _draw_loss(loss, finite)
    for axes, name in ((accuracy, "Accuracy"), (loss, "Loss")):
        name_axes(axes, "Epoch", name, beside_in)
        epochs = [int(epoch) for _, epoch, *_ in finite]
        axes.set_xticks(_choose_epochs(min(1, *epochs), max(epochs)))
        style_axes(axes, grid="both")
        axes.spines[:].set_visible(False)
    return figure


def _draw_accuracy(axes: Axes, rows: Sequence[Row]) -> None:
    lowest = min(accuracy for _, _, accuracy, _ in rows)
    floor = next(floor for floor in FLOORS if floor == 0 or lowest >= floor + 0.01)
    for data, colour in COLOURS.items():
        _draw_curve(axes, [(epoch, accuracy) for d, epoch, accuracy, _ in rows if d == data], data, colour)
    axes.set_yticks([percent / 100 for percent in FLOORS[floor]], [f"{percent}%" for percent in FLOORS[floor]])
    axes.set_ylim(floor - 0.05 * (1 - floor), 1 + 0.05 * (1 - floor))
    # inside the left plot: beside the right one it would be out of sight on a phone
    heights = [(accuracy - floor) / (1 - floor) for accuracy in _list_late([(e, a) for _, e, a, _ in rows])]
    axes.legend(loc=_place_legend(heights), frameon=False, fontsize=TEXT_PT, labelcolor=DARK)


def _draw_loss(axes: Axes, rows: Sequence[Row]) -> None:
    from matplotlib.ticker import MaxNLocator

    for data, colour in COLOURS.items():
        _draw_curve(axes, [(epoch, loss) for d, epoch, _, loss in rows if d == data], data, colour)
    top = max(max(loss for *_, loss in rows), 1e-6)  # a loss of nothing has no scale
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.set_ylim(-0.05 * top, 1.05 * top)


def _draw_curve(axes: Axes, points: Sequence[tuple[float, float]], name: str, colour: str) -> None:
    if points:
        marker = "o" if len(points) <= MAX_DOTTED else ""
        axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.9, marker=marker, markersize=4.2, label=name)


def _list_late(points: Sequence[tuple[float, float]]) -> list[float]:
    """Return the values of the second half of the epochs."""
    last = max(epoch for epoch, _ in points)
    return [value for epoch, value in points if 2 * epoch >= last]


def _place_legend(heights: Sequence[float]) -> Place:
    """Return the place on the right side that is farthest from the curves, whose heights there are 0 to 1."""
    places: dict[Place, float] = {"lower right": 0.13, "center right": 0.5, "upper right": 0.87}
    return max(places, key=lambda place: min(abs(height - places[place]) for height in heights))


def _choose_epochs(first: int, last: int) -> list[int]:
    """Return at most about six whole epochs: a tick at epoch 2.5 means nothing."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 10**9) if last <= 6 * s)
    return [first, *range(step, last + 1, step)] if step > 1 else list(range(first, last + 1))
