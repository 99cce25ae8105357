"""Plot the confusion matrix: true classes against predicted classes."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.errors import EvaluationError
from headstart.report import figure_style as style
from headstart.report.fonts import choose_fonts, make_axis_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_NUMBERED = 15  # classes; with more, numbers do not fit the cells
MAX_LABELLED = 60  # classes; with more, only every second, third, ... name is shown
MAX_WIDTH_IN = 7.6  # width of the page
NAME_IN = 0.3  # room for the name of an axis


def plot_confusion_matrix(matrix: ArrayLike, classes: Sequence[str]) -> Figure:
    """Plot the number of photos by true class (row) and predicted class (column).

    Right answers, on the diagonal, are dark; wrong answers are red. The shade is the square root of the share of the
    row, so that one mistake in a hundred is visible.

    Parameters
    ----------
    matrix
        (C, C) int or float, at least 0, as ``evaluate_probabilities`` returns it. Rows are true classes, columns
        predicted ones.
    classes
        Names of the C classes, in the order of the rows.

    Returns
    -------
    matplotlib.figure.Figure
        Figure with a number in each cell for up to 15 classes; with more, shades only.

    Raises
    ------
    EvaluationError
        If the shape does not match the number of names.
    """
    counts = np.asarray(matrix, dtype=np.float64)
    n_classes = len(classes)
    if n_classes == 0 or counts.shape != (n_classes, n_classes):
        raise EvaluationError(
            f"Cannot plot confusion matrix: got shape {counts.shape} for {n_classes} classes, "
            "need one row and one column for each. Pass the matrix and the classes of one evaluation."
        )
    names = make_axis_names(classes)
    size, turn = _choose_size_and_turn(names)
    figure, axes = _start_matrix(names, size, turn)
    edges = np.arange(n_classes + 1) - 0.5
    is_numbered = n_classes <= MAX_NUMBERED
    axes.pcolormesh(edges, edges, _shade_cells(counts), edgecolors="white" if is_numbered else "none", linewidth=1.5)
    axes.set(xlim=edges[[0, -1]], ylim=edges[[-1, 0]])
    style.format_axes(axes)
    for spine in axes.spines.values():
        spine.set(visible=True, color=style.PALE)
    if is_numbered:
        _write_counts(axes, counts, axes.bbox.width / style.CHART_DPI / n_classes)
    _label_axes(axes, names, size, turn)
    return figure


def _choose_size_and_turn(names: Sequence[str]) -> tuple[float, int]:
    """Return the font size of the class names in points, and the rotation of those below the matrix in degrees."""
    n_classes = len(names)
    size = style.TEXT_PT if n_classes <= MAX_NUMBERED else style.SMALL_PT if n_classes <= 30 else 5.0
    is_long = n_classes > MAX_NUMBERED or max(map(len, names)) * n_classes > 45
    return size, 90 if n_classes > 30 else 45 if is_long else 0


def _start_matrix(names: Sequence[str], size: float, turn: int) -> tuple[Figure, Axes]:
    """Make a figure of the size that the matrix and the names beside and below it need."""
    longest_in = style.measure_widest(names, size)
    beside_in = style.EDGE_IN + NAME_IN + longest_in
    below_in = style.EDGE_IN + NAME_IN + {0: 0.13, 45: 0.08 + 0.71 * longest_in, 90: longest_in}[turn]
    side_in = min(max(2.9, min(0.62 * len(names), 5.6)), MAX_WIDTH_IN - beside_in - style.EDGE_IN)
    figure = style.start_figure(beside_in + side_in + style.EDGE_IN, below_in + side_in + style.EDGE_IN)
    axes = style.add_axes(figure, beside_in, below_in, side_in, side_in)
    style.name_axes(axes, "Predicted class", "True class", beside_in)
    return figure, axes


def _measure_shades(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    roots: NDArray[np.float64] = np.sqrt(shares)
    return roots


def _shade_cells(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return RGB colours (C, C, 3), 0 to 1; empty cells are almost white."""
    from matplotlib.colors import to_rgb

    shades = _measure_shades(counts)[:, :, None]
    is_diagonal = np.eye(len(counts), dtype=bool)[:, :, None]
    full = np.where(is_diagonal, to_rgb(style.DARK), to_rgb(style.ACCENT))
    blank = np.where(counts[:, :, None] > 0, 1.0, 0.975)
    return np.asarray(blank * (1 - shades) + full * shades)


def _write_counts(axes: Axes, counts: NDArray[np.float64], cell_in: float) -> None:
    shades = _measure_shades(counts)
    texts = [[f"{count:,.0f}" if count.is_integer() else f"{count:,.1f}" for count in row] for row in counts.tolist()]
    size = style.TEXT_PT + 2 if len(counts) <= 6 else style.SMALL_PT
    size *= min(1.0, 0.8 * cell_in / style.measure_widest([text for row in texts for text in row], size))
    for row, column in np.ndindex(*counts.shape):
        colour = "white" if shades[row, column] > 0.55 else style.DARK
        axes.text(column, row, texts[row][column], ha="center", va="center", fontsize=size, color=colour)


def _label_axes(axes: Axes, names: Sequence[str], size: float, turn: int) -> None:
    shown = range(0, len(names), ceil(len(names) / MAX_LABELLED))
    labels = [names[c] for c in shown]
    fonts = choose_fonts(labels)
    axes.set_yticks(list(shown), labels, fontsize=size, fontfamily=fonts, parse_math=False)
    axes.set_xticks(
        list(shown), labels, fontsize=size, fontfamily=fonts, parse_math=False, rotation=turn,
        ha="right" if turn == 45 else "center", rotation_mode="anchor" if turn == 45 else "default",
    )  # fmt: skip
