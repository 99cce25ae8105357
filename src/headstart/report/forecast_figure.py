"""Plot the forecast: accuracy against the number of photos, with the points that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headstart.errors import EvaluationError
from headstart.report import figure_style as style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN, HEIGHT_IN = 5.6, 2.9
ABOVE_IN, BELOW_IN, RIGHT_IN = 0.3, 0.52, 0.3
MARGIN = 0.08  # below and above the numbers, as a share of their range


def plot_forecast(forecast: Mapping[str, Any]) -> Figure:
    """Plot the accuracy to expect by the number of photos, its 80% interval, and the points of the learning curve.

    Parameters
    ----------
    forecast
        Record of `describe_forecast`, without a reason against it.

    Raises
    ------
    EvaluationError
        If the record has no curve.
    """
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    if not forecast.get("curve"):
        raise EvaluationError("Cannot plot a forecast: got no curve, need one. Train with more photos.")
    n, curve = forecast["n"], forecast["curve"]
    x = [row["n_photos"] for row in curve]
    low, high = ([row["interval80"][side] for row in curve] for side in (0, 1))
    points = [(point["factor"] * n, point["accuracy"]) for point in forecast["points"]]
    ends = [*low, *high, *(accuracy for _, accuracy in points), forecast["accuracy"]]
    span = max(ends) - min(ends) or 0.02
    bottom, top = max(0.0, min(ends) - MARGIN * span), min(1.0, max(ends) + MARGIN * span)
    beside_in = style.EDGE_IN + 0.28 + style.measure_widest(["100.0%"], style.TEXT_PT)
    figure = style.start_figure(WIDTH_IN, ABOVE_IN + HEIGHT_IN + BELOW_IN)
    axes = style.add_axes(figure, beside_in, BELOW_IN, WIDTH_IN - beside_in - RIGHT_IN, HEIGHT_IN)
    axes.fill_between(x, low, high, color=style.ACCENT, alpha=0.15, linewidth=0)
    axes.plot(x, [row["accuracy"] for row in curve], color=style.ACCENT, linewidth=1.8)
    axes.plot(*zip(*points, strict=True), "o", color=style.GREY, markersize=5, markerfacecolor=style.WHITE)
    axes.plot([n], [forecast["accuracy"]], "o", color=style.DARK, markersize=6)
    _name_now(axes, n, forecast["accuracy"])
    axes.set_xscale("log")
    axes.set(xlim=(0.85 * min(point[0] for point in points), 1.05 * x[-1]), ylim=(bottom, top))
    numbers = sorted({round(points[0][0]), round(n), *(row["n_photos"] for row in forecast["expected"]), x[-1]})
    axes.xaxis.set_major_locator(FixedLocator(numbers))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_minor_locator(FixedLocator([]))
    style.mark_shares(axes.yaxis, top - bottom)
    style.name_axes(axes, "Photos in all, classes in the same proportions", "Accuracy", beside_in)
    style.format_axes(axes, grid="y")
    return figure


def _name_now(axes: Axes, n: int, accuracy: float) -> None:
    axes.annotate(
        "now", (n, accuracy), (0, -14), textcoords="offset points", ha="center", fontsize=style.SMALL_PT,
        color=style.DARK,
    )  # fmt: skip
