"""Draw the four charts of a run: history, confusion matrix, recall by class, reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.report.figure_file import draw_figure, save_png
from headstart.report.history_figure import plot_history
from headstart.report.inline_image import InlineImage, inline_image
from headstart.report.matrix_figure import plot_confusion_matrix
from headstart.report.per_class_figure import plot_per_class
from headstart.report.reliability_figure import plot_reliability

if TYPE_CHECKING:
    from PIL import Image

HistoryRow = tuple[str, int, float, float]


def draw_charts(history: Sequence[HistoryRow], metrics: Mapping[str, Any]) -> dict[str, Image.Image]:
    """Draw the history of a training, and the charts of the metrics of one split.

    Parameters
    ----------
    history
        Rows as `plot_history` takes them.
    metrics
        Metrics of one split, as `evaluate_probabilities` returns them.
    """
    figures = {
        "history": plot_history(history),
        "confusion_matrix": plot_confusion_matrix(metrics["confusion_matrix"], list(metrics["per_class"])),
        "per_class": plot_per_class(metrics["per_class"]),
        "reliability": plot_reliability(metrics["calibration_bins"], metrics["expected_calibration_error"]),
    }
    return {name: draw_figure(figure) for name, figure in figures.items()}


def save_charts(history: Sequence[HistoryRow], metrics: Mapping[str, Any], folder: Path) -> dict[str, InlineImage]:
    """Draw the charts of a run, write each as ``NAME.png`` into a folder, and return them by name.

    Raises
    ------
    RunError
        If one cannot be written.
    """
    charts = draw_charts(history, metrics)
    return {name: inline_image(image, save_png(image, folder / f"{name}.png")) for name, image in charts.items()}
