"""Recall by class, the lowest first."""

import pytest

from headstart.errors import EvaluationError
from headstart.report.figure_file import draw_figure
from headstart.report.per_class_figure import MAX_CLASSES, plot_per_class


def make_row(recall, support=10):
    return {"recall": recall, "recall_ci95": [max(0, recall - 0.1), min(1, recall + 0.1)], "support": support}


ABSENT = {"recall": None, "recall_ci95": [0.0, 1.0], "support": 0}


def list_names(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def test_the_lowest_recall_comes_first_with_interval_and_support():
    (axes,) = plot_per_class({"cats": make_row(0.9, 1200), "dogs": make_row(0.5), "none": ABSENT}).axes
    assert list_names(axes) == ["dogs", "cats"]
    assert axes.yaxis_inverted()
    (points,) = axes.lines
    assert points.get_xydata().tolist() == [[0.5, 0], [0.9, 1]]
    (intervals,) = axes.collections
    assert intervals.get_segments()[0].tolist() == [[0.4, 0], [0.6, 0]]
    assert "1,200" in [text.get_text() for text in axes.texts]
    assert axes.get_xlabel() == "Recall"


def test_at_most_forty_classes_are_shown():
    rows = {f"species {i}": make_row(i / 100) for i in range(60)}
    (axes,) = plot_per_class(rows).axes
    assert list_names(axes) == [f"species {i}" for i in range(MAX_CLASSES)]
    assert axes.get_xlabel() == "Recall (the 40 lowest of 60 classes)"


def test_names_of_any_script_are_drawn():
    assert draw_figure(plot_per_class({"猫": make_row(0.9), "$x": make_row(1.0), "y$": make_row(0.0)}))


@pytest.mark.parametrize("per_class", [{}, {"cats": ABSENT}])
def test_refuses_classes_without_photos(per_class):
    with pytest.raises(EvaluationError, match=r"Cannot plot recall: got . classes, all without photos"):
        plot_per_class(per_class)
