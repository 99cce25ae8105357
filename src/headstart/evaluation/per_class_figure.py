"""Recall of each class with its interval, the weakest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headstart.errors import EvaluationError
from headstart.evaluation.ink import ACCENT, GREY, SMALL_PT, TEXT_PT, quieten_axes, start_figure
from headstart.evaluation.lettering import choose_fonts, letter_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_CLASSES = 40  # the strongest beyond these are left out: they are not where the work is


def plot_per_class(per_class: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Plot how many of the photos of each class are found, with the 95% interval.

    Parameters
    ----------
    per_class
        Class name to ``recall``, ``recall_ci95`` and ``support``, as ``evaluate_probabilities`` gives it. Classes
        without photos are left out, and so are the strongest if there are more than 40.

    Returns
    -------
    matplotlib.figure.Figure
        A row for each class, the lowest recall on top, with its number of photos.

    Raises
    ------
    EvaluationError
        If no class has a photo.
    """
    from matplotlib.ticker import PercentFormatter

    names = dict(zip(per_class, letter_names(list(per_class)), strict=True))
    judged = sorted((row["recall"], name) for name, row in per_class.items() if row["recall"] is not None)
    if not judged:
        raise EvaluationError(
            f"Cannot plot recall: got {len(per_class)} classes, all without photos, need at least 1 photo. "
            "Evaluate a split that has photos."
        )
    shown = [name for _, name in judged[:MAX_CLASSES]]
    figure = start_figure(5.6, 0.9 + 0.26 * len(shown))
    axes = figure.add_subplot()
    for place, name in enumerate(shown):
        row = per_class[name]
        axes.plot(row["recall_ci95"], [place, place], color=GREY, linewidth=5, alpha=0.4, solid_capstyle="butt")
        axes.plot([row["recall"]], [place], "o", color=ACCENT, markersize=5.5, clip_on=False)
        axes.text(1.05, place, f"{row['support']:,}", va="center", fontsize=SMALL_PT, color=GREY)
    axes.text(1.05, -0.9, "photos", va="center", fontsize=SMALL_PT, color=GREY)
    axes.set_yticks(range(len(shown)), [names[name] for name in shown], fontfamily=choose_fonts(names.values()))
    axes.set(xlim=(0, 1.0), ylim=(len(shown) - 0.4, -0.6))
    left_out = len(judged) - len(shown)
    axes.set_xlabel("Recall" + (f" (the {len(shown)} weakest of {len(judged)} classes)" if left_out else ""))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    quieten_axes(axes, grid="x")
    axes.tick_params(axis="y", labelsize=TEXT_PT if len(shown) <= 20 else SMALL_PT)
    return figure
