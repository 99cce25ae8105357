"""The confusion matrix: which class is taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.errors import EvaluationError
from headstart.evaluation.ink import ACCENT, INK, PALE, SMALL_PT, TEXT_PT, quieten_axes, start_figure
from headstart.evaluation.lettering import choose_fonts, letter_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_NUMBERED = 15  # classes; with more, the numbers no longer fit their cells
MAX_LABELLED = 60  # classes; with more, every second, third, ... name is shown


def plot_confusion_matrix(matrix: ArrayLike, classes: Sequence[str]) -> Figure:
    """Plot how often each true class (a row) got each answer (a column).

    Right answers on the diagonal are dark, mistakes red; the stronger, the larger the share of the row. The shade
    grows with the square root of the share, so that one mistake in a hundred can still be seen.

    Parameters
    ----------
    matrix
        int or float (C, C), at least 0. Rows true, columns predicted, as ``evaluate_probabilities`` gives it.
    classes
        The C names, in the order of the rows.

    Returns
    -------
    matplotlib.figure.Figure
        With a number in each cell up to 15 classes, and shades alone beyond.

    Raises
    ------
    EvaluationError
        If the shape does not fit the names.
    """
    counts = np.asarray(matrix, dtype=np.float64)
    n_classes = len(classes)
    if n_classes == 0 or counts.shape != (n_classes, n_classes):
        raise EvaluationError(
            f"Cannot plot confusion matrix: got shape {counts.shape} for {n_classes} classes, "
            "need one row and one column for each. Pass the matrix and the classes of one evaluation."
        )
    side_in = float(np.clip(0.55 * n_classes, 2.2, 5.6))
    figure = start_figure(side_in + 1.6, side_in + 1.3)
    axes = figure.add_subplot()
    axes.imshow(_shade_cells(counts), interpolation="nearest")
    quieten_axes(axes)
    for spine in axes.spines.values():
        spine.set(visible=True, color=PALE)
    if n_classes <= MAX_NUMBERED:
        axes.set_xticks(np.arange(n_classes + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(n_classes + 1) - 0.5, minor=True)
        axes.grid(visible=True, which="minor", color="white", linewidth=1.5)
        axes.tick_params(which="minor", length=0)
        _write_counts(axes, counts)
    _label_axes(axes, letter_names(classes))
    return figure


def _measure_shades(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    roots: NDArray[np.float64] = np.sqrt(shares)
    return roots


def _shade_cells(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return RGB (C, C, 3), 0 to 1: white where there is nothing."""
    from matplotlib.colors import to_rgb

    shades = _measure_shades(counts)[:, :, None]
    is_diagonal = np.eye(len(counts), dtype=bool)[:, :, None]
    full = np.where(is_diagonal, to_rgb(INK), to_rgb(ACCENT))
    blank = np.where(counts[:, :, None] > 0, 1.0, 0.975)
    return np.asarray(blank * (1 - shades) + full * shades)


def _write_counts(axes: Axes, counts: NDArray[np.float64]) -> None:
    shades = _measure_shades(counts)
    size = TEXT_PT + 2 if len(counts) <= 6 else SMALL_PT
    for row, column in np.ndindex(*counts.shape):
        count = float(counts[row, column])
        text = f"{count:,.0f}" if count.is_integer() else f"{count:,.1f}"
        colour = "white" if shades[row, column] > 0.55 else INK
        axes.text(column, row, text, ha="center", va="center", fontsize=size, color=colour)


def _label_axes(axes: Axes, names: Sequence[str]) -> None:
    n_classes = len(names)
    shown = range(0, n_classes, ceil(n_classes / MAX_LABELLED))
    labels = [names[c] for c in shown]
    size = TEXT_PT if n_classes <= MAX_NUMBERED else SMALL_PT if n_classes <= 30 else 5.0
    fonts = choose_fonts(names)
    is_long = n_classes > MAX_NUMBERED or max(map(len, names)) * n_classes > 45
    turn = 90 if n_classes > 30 else 45 if is_long else 0
    axes.set_yticks(list(shown), labels, fontsize=size, fontfamily=fonts)
    axes.set_xticks(
        list(shown), labels, fontsize=size, fontfamily=fonts, rotation=turn,
        ha="right" if turn == 45 else "center", rotation_mode="anchor" if turn == 45 else "default",
    )  # fmt: skip
    axes.set_xlabel("Predicted class", labelpad=8)
    axes.set_ylabel("True class", labelpad=8)
