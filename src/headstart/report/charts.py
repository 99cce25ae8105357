"""Draw the charts of a run: history, confusion matrix, recall by class, curves, reliability, repeats, forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.evaluation.confusion import MAX_WHOLE, N_CONFUSED, read_confusions
from headstart.report.curves_figure import plot_curves
from headstart.report.figure_file import InlineImage, draw_figure, inline_image, save_png
from headstart.report.forecast_figure import plot_forecast
from headstart.report.history_figure import plot_history
from headstart.report.matrix_figure import plot_confusion_matrix
from headstart.report.per_class_figure import plot_per_class
from headstart.report.reliability_figure import plot_reliability
from headstart.report.repeats_figure import plot_repeats

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HistoryRow = tuple[str, int, float, float]


def save_charts(history: Sequence[HistoryRow], metrics: Mapping[str, Any], folder: Path) -> dict[str, InlineImage]:
    """Draw the charts of a run, write each as ``NAME.png`` into a folder, and return them by name.

    Parameters
    ----------
    history
        Rows as `plot_history` takes them.
    metrics
        Metrics of one split, as `measure_split` returns them, and the records of ``repeats``, ``working_points`` and
        ``forecast``, if there are any.

    Raises
    ------
    RunError
        If one cannot be written.
    """
    figures = {
        "history": plot_history(history),
        "confusion_matrix": _plot_confusions(metrics["confusion_matrix"], list(metrics["per_class"])),
        "per_class": plot_per_class(metrics["per_class"]),
        "reliability": plot_reliability(metrics["calibration_bins"], metrics["expected_calibration_error"]),
    }
    if metrics.get("curves"):
        points = [point.get("test") or point for point in metrics.get("working_points") or []]
        figures["curves"] = plot_curves(metrics["curves"], points)
    if metrics.get("repeats"):
        figures["repeats"] = plot_repeats(metrics["repeats"], metrics)
    if (metrics.get("forecast") or {}).get("curve"):
        figures["forecast"] = plot_forecast(metrics["forecast"])
    images = {name: draw_figure(figure) for name, figure in figures.items()}
    return {name: inline_image(image, save_png(image, folder / f"{name}.png")) for name, image in images.items()}


def _plot_confusions(record: Any, classes: Sequence[str]) -> Figure:
    """Plot the confusion matrix; of many classes, only those with the most mistakes."""
    confusions = read_confusions(record, len(classes))
    shown = range(len(classes)) if len(classes) <= MAX_WHOLE else confusions.find_confused(N_CONFUSED)
    return plot_confusion_matrix(confusions.take_matrix(shown), [classes[c] for c in shown])
