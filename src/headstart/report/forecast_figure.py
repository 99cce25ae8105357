"""Plot the forecast: accuracy against the number of photos, with the points that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headstart.errors import EvaluationError
from headstart.report import figure_style as style

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN, HEIGHT_IN = 5.6, 2.9
ABOVE_IN, BELOW_IN, RIGHT_IN = 0.3, 0.52, 0.3
RADIUS_PT = 4.0  # of a point, with a margin
PLACES = ((0.0, -14.0), (14.0, -13.0), (0.0, -24.0), (0.0, 8.0), (-14.0, 7.0))  # of the word "now", from its point
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
    axes.set_xscale("log")
    axes.set(xlim=(0.85 * min(point[0] for point in points), 1.05 * x[-1]), ylim=(bottom, top))
    _name_now(axes, (n, forecast["accuracy"]), points)
    numbers = sorted({round(points[0][0]), round(n), *(row["n_photos"] for row in forecast["expected"]), x[-1]})
    axes.xaxis.set_major_locator(FixedLocator(numbers))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_minor_locator(FixedLocator([]))
    style.mark_shares(axes.yaxis, top - bottom)
    style.name_axes(axes, "Photos in all, classes in the same proportions", "Accuracy", beside_in)
    style.format_axes(axes, grid="y")
    return figure


def _name_now(axes: Axes, now: tuple[float, float], points: Sequence[tuple[float, float]]) -> None:
    """Write the word at the first of some places around its point where it covers no other point."""
    width = 72 * style.measure_widest(["now"], style.SMALL_PT)
    at = axes.transData.transform([now, *points]) * 72 / axes.figure.dpi  # in points of 1/72 inch
    bottom = axes.transAxes.transform((0, 0))[1] * 72 / axes.figure.dpi
    offset = next((place for place in PLACES if _is_free(at, place, width, bottom)), PLACES[0])
    axes.annotate(
        "now", now, offset, textcoords="offset points", ha="center", fontsize=style.SMALL_PT, color=style.DARK,
    )  # fmt: skip


def _is_free(at: npt.NDArray[np.float64], place: tuple[float, float], width: float, bottom: float) -> bool:
    """Say whether a word at a place beside the first point covers no point and lies above the axis."""
    centre = at[0] + place
    across, up = abs(at[:, 0] - centre[0]), at[:, 1] - centre[1]
    is_covered = (across < width / 2 + RADIUS_PT) & (up > -RADIUS_PT) & (up < style.SMALL_PT + RADIUS_PT)
    return bool(centre[1] > bottom and not is_covered.any())
