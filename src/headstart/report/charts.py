"""Draw the four charts of a run: history, confusion matrix, recall by class, reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headstart.report.figure_file import InlineImage, draw_figure, inline_image, save_png
from headstart.report.history_figure import plot_history
from headstart.report.matrix_figure import plot_confusion_matrix
from headstart.report.per_class_figure import plot_per_class
from headstart.report.reliability_figure import plot_reliability

HistoryRow = tuple[str, int, float, float]


def save_charts(history: Sequence[HistoryRow], metrics: Mapping[str, Any], folder: Path) -> dict[str, InlineImage]:
    """Draw the charts of a run, write each as ``NAME.png`` into a folder, and return them by name.

    Parameters
    ----------
    history
        Rows as `plot_history` takes them.
    metrics
        Metrics of one split, as `evaluate_probabilities` returns them.

    Raises
    ------
    RunError
        If one cannot be written.
    """
    figures = {
        "history": plot_history(history),
        "confusion_matrix": plot_confusion_matrix(metrics["confusion_matrix"], list(metrics["per_class"])),
        "per_class": plot_per_class(metrics["per_class"]),
        "reliability": plot_reliability(metrics["calibration_bins"], metrics["expected_calibration_error"]),
    }
    images = {name: draw_figure(figure) for name, figure in figures.items()}
    return {name: inline_image(image, save_png(image, folder / f"{name}.png")) for name, image in images.items()}
