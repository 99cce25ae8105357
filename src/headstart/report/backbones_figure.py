"""Plot the accuracy of backbones against the time that each takes for a photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from headstart.errors import EvaluationError
from headstart.report import figure_style as style
from headstart.report.fonts import make_drawable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH_IN, HEIGHT_IN = 6.4, 3.8
BELOW_IN, BESIDE_IN, ABOVE_IN = 0.52, 0.78, 0.2
APART_IN, LINE_IN, POINT_IN = 0.09, 0.16, 0.06  # from a point to its name; height of a name; radius of a point
N_STEPS, THIN_IN = 24, 0.01  # boxes along a line, and half their side
N_LINES, FAR = 9, 0.001  # lines that a name may be away from its point, and the cost of each further place
MARGIN = 0.12  # beyond the lowest and highest accuracy, as a share of their range
TICKS_MS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class BackbonePoint:
    """A backbone: its name, milliseconds for a photo, accuracy (0 to 1) and 95% interval."""

    name: str
    ms_per_photo: float
    accuracy: float
    interval: tuple[float, float]


def plot_backbones(points: Sequence[BackbonePoint], n_test: int) -> Figure:
    """Plot backbones by their time (logarithmic) and their accuracy on ``n_test`` photos, with 95% intervals.

    A line joins the backbones that are more accurate than every faster one (the Pareto front).

    Raises
    ------
    EvaluationError
        If there are no points.
    """
    if not points:
        raise EvaluationError("Cannot plot backbones: got none, need at least 1. Name a backbone that is installed.")
    figure = style.start_figure(WIDTH_IN, HEIGHT_IN)
    left_in, height_in = style.EDGE_IN + BESIDE_IN, HEIGHT_IN - BELOW_IN - ABOVE_IN
    width_in = WIDTH_IN - left_in - style.EDGE_IN
    axes = style.add_axes(figure, left_in, BELOW_IN, width_in, height_in)
    axes.set_xscale("log")
    times = [point.ms_per_photo for point in points]
    wider = max(1.7, (10 / (max(times) / min(times))) ** 0.5)  # the axis has at least a factor of 10
    axes.set_xlim(min(times) / wider, max(times) * wider)
    ends = [end for point in points for end in point.interval]
    span = max(ends) - min(ends) or 0.1
    axes.set_ylim(max(0.0, min(ends) - MARGIN * span), min(1.0, max(ends) + MARGIN * span))
    best = list_best(points)
    axes.plot(
        [point.ms_per_photo for point in best], [point.accuracy for point in best], color=style.ACCENT, linewidth=1,
        alpha=0.5,
    )  # fmt: skip
    for point in points:
        colour = style.ACCENT if point in best else style.GREY
        axes.vlines([point.ms_per_photo], *point.interval, color=colour, linewidth=4, alpha=0.25)
        axes.plot([point.ms_per_photo], [point.accuracy], "o", color=colour, markersize=7, clip_on=False, zorder=3)

    def measure(ms: float, accuracy: float) -> tuple[float, float]:
        x, y = axes.transData.transform((ms, accuracy))
        return (x - axes.bbox.x0) / style.CHART_DPI, (y - axes.bbox.y0) / style.CHART_DPI

    at_in = [measure(point.ms_per_photo, point.accuracy) for point in points]
    drawn = [[measure(point.ms_per_photo, end) for end in point.interval] for point in points]
    drawn += map(list, pairwise(measure(point.ms_per_photo, point.accuracy) for point in best))
    names = [make_drawable(point.name) for point in points]
    begins = place_names(names, at_in, (width_in, height_in), drawn)
    for point, name, (x, y), (left, middle) in zip(points, names, at_in, begins, strict=True):
        colour = style.ACCENT if point in best else style.DARK
        axes.text(
            left / width_in, middle / height_in, name, transform=axes.transAxes, ha="left", va="center",
            fontsize=style.TEXT_PT, color=colour,
        )  # fmt: skip
        if abs(middle - y) > LINE_IN:  # a line leads from the point to its name
            end = min(max(x, left), left + style.measure_widest([name], style.TEXT_PT))
            edge = middle + (LINE_IN / 2 if middle < y else -LINE_IN / 2)
            places = [x / width_in, end / width_in], [y / height_in, edge / height_in]
            axes.plot(*places, transform=axes.transAxes, color=style.GREY, linewidth=0.6)
    low, high = axes.get_xlim()
    ticks = [tick for tick in TICKS_MS if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    style.mark_shares(axes.yaxis, span)
    style.name_axes(axes, "Milliseconds a photo, without decoding", f"Accuracy on {n_test:,} test photos", BESIDE_IN)
    style.format_axes(axes, grid="y")
    return figure


def list_best(points: Sequence[BackbonePoint]) -> list[BackbonePoint]:
    """Return the points that are more accurate than every faster one (the Pareto front), the fastest first.

    Examples
    --------
    >>> rows = [BackbonePoint(str(ms), ms, accuracy, (0, 1)) for ms, accuracy in ((4, 0.8), (2, 0.7), (9, 0.75))]
    >>> [point.name for point in list_best(rows)]
    ['2', '4']
    """
    best: list[BackbonePoint] = []
    for point in sorted(points, key=lambda one: (one.ms_per_photo, -one.accuracy)):
        if not best or point.accuracy > best[-1].accuracy:
            best.append(point)
    return best


def place_names(
    names: Sequence[str],
    at: Sequence[tuple[float, float]],
    size: tuple[float, float],
    lines: Sequence[Sequence[tuple[float, float]]] = (),
) -> list[tuple[float, float]]:
    """Return where each name begins, and the middle of its height: near its point, and on no other name or point.

    All positions are in inches from the lower left corner of the axes, whose width and height are ``size``. ``lines``
    have two ends each; names avoid them if there is room.
    """
    taken: list[Box] = [(x - POINT_IN, y - POINT_IN, x + POINT_IN, y + POINT_IN) for x, y in at]
    for (x0, y0), (x1, y1) in lines:
        shares = [step / N_STEPS for step in range(N_STEPS + 1)]
        along = [(x0 + share * (x1 - x0), y0 + share * (y1 - y0)) for share in shares]
        taken += [(x - THIN_IN, y - THIN_IN, x + THIN_IN, y + THIN_IN) for x, y in along]
    found: dict[int, tuple[float, float]] = {}
    for n in sorted(range(len(names)), key=lambda n: at[n]):
        (x, y), width = at[n], style.measure_widest([names[n]], style.TEXT_PT)
        right, left = x + APART_IN, x - APART_IN - width
        tried = [(right, y), (left, y)]
        for line in range(1, N_LINES):
            tried += [(start, y + sign * line * LINE_IN) for sign in (1, -1) for start in (right, left, x - width / 2)]
        boxes = [(left, y - LINE_IN / 2, left + width, y + LINE_IN / 2) for left, y in tried]
        costs = [_measure_cost(box, taken, size) + FAR * place for place, box in enumerate(boxes)]
        best = costs.index(min(costs))
        taken.append(boxes[best])
        found[n] = tried[best]
    return [found[n] for n in range(len(names))]


def _measure_cost(box: Box, taken: Sequence[Box], size: tuple[float, float]) -> float:
    """Return how much of a box, in inches, is outside of the axes, plus the area that it shares with other boxes."""
    left, low, right, high = box
    outside = max(0.0, -left) + max(0.0, right - size[0]) + max(0.0, -low) + max(0.0, high - size[1])
    covered = sum(
        max(0.0, min(right, b[2]) - max(left, b[0])) * max(0.0, min(high, b[3]) - max(low, b[1])) for b in taken
    )
    return 10 * outside + 10 * covered
