"""Judging a classifier: metrics with intervals, figures, and the report. Arrays and tables in, judgement out."""

from headstart.evaluation.figure_file import draw_figure, encode_png, save_png
from headstart.evaluation.history_figure import plot_history
from headstart.evaluation.inline_image import InlineImage, inline_image
from headstart.evaluation.intervals import wilson_interval
from headstart.evaluation.matrix_figure import plot_confusion_matrix
from headstart.evaluation.metrics import evaluate_probabilities, majority_accuracy
from headstart.evaluation.per_class_figure import plot_per_class
from headstart.evaluation.photo_grid import plot_photo_grid
from headstart.evaluation.prepare import prepare_charts, prepare_page
from headstart.evaluation.reliability_figure import plot_reliability
from headstart.evaluation.report import Figured, ReportContent, render_report, write_verdict

__all__ = [
    "Figured",
    "InlineImage",
    "ReportContent",
    "draw_figure",
    "encode_png",
    "evaluate_probabilities",
    "inline_image",
    "majority_accuracy",
    "plot_confusion_matrix",
    "plot_history",
    "plot_per_class",
    "plot_photo_grid",
    "plot_reliability",
    "prepare_charts",
    "prepare_page",
    "render_report",
    "save_png",
    "wilson_interval",
    "write_verdict",
]
