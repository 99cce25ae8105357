"""Plot the four quadrants of transfer learning, and the place of given photos in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from headstart.report import figure_style as style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH_IN, HEIGHT_IN = 6.4, 4.4
BELOW_IN, BESIDE_IN = 0.52, 0.75
FEWEST, MOST = 5.0, 200_000.0  # photos per class at the two ends of the axis
METHODS = {  # by (is large, is similar)
    (False, True): "fixed", (True, True): "fixed or hybrid",
    (False, False): "hybrid", (True, False): "finetune or scratch",
}  # fmt: skip


def plot_quadrants(sets: Mapping[str, tuple[float, float]], *, large: float, similar: float) -> Figure:
    """Plot sets of photos by their number and their similarity to the pretraining data.

    Parameters
    ----------
    sets
        For each set its name, which is written beside the point, and its photos per class and similarity (0 to 1).
    large, similar
        Photos per class and similarity at which the quadrants meet.
    """
    figure = style.start_figure(WIDTH_IN, HEIGHT_IN)
    left_in, height_in = style.EDGE_IN + BESIDE_IN, HEIGHT_IN - BELOW_IN - style.EDGE_IN
    axes = style.add_axes(figure, left_in, BELOW_IN, WIDTH_IN - left_in - style.EDGE_IN, height_in)
    axes.set_xscale("log")
    axes.set_xlim(FEWEST, MOST)
    axes.set_ylim(0, 1)
    axes.axvline(large, color=style.GREY, linewidth=1)
    axes.axhline(similar, color=style.GREY, linewidth=1)
    for (is_large, is_similar), method in METHODS.items():  # in the top left corner of the quadrant
        x, y = large if is_large else FEWEST, 1.0 if is_similar else similar
        where = f"{'large' if is_large else 'small'}, {'similar' if is_similar else 'dissimilar'}"
        axes.text(1.2 * x, y - 0.05, method, va="center", fontsize=style.TEXT_PT + 3, color=style.DARK, weight="bold")
        axes.text(1.2 * x, y - 0.11, where, va="center", fontsize=style.TEXT_PT, color=style.GREY)
    for name, (n_per_class, similarity) in sets.items():
        x = min(max(n_per_class, FEWEST), MOST)
        axes.plot([x], [similarity], "o", color=style.ACCENT, markersize=10, clip_on=False, zorder=3)
        side = "left" if x < 4 * FEWEST else "right" if x > MOST / 4 else "center"
        is_low = similarity < 0.1
        axes.annotate(
            name, (x, similarity), xytext=(0, 10 if is_low else -10), textcoords="offset points", ha=side,
            va="bottom" if is_low else "top", fontsize=style.TEXT_PT, color=style.ACCENT, weight="bold",
        )  # fmt: skip
    axes.set_xticks([10, 100, 1000, 10_000, 100_000], ["10", "100", "1,000", "10,000", "100,000"])
    axes.minorticks_off()
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    style.name_axes(axes, "Photos per class", "Similarity to ImageNet", BESIDE_IN)
    style.format_axes(axes)
    return figure
