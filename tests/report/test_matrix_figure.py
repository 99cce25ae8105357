"""The confusion matrix of two to many classes."""

import numpy as np
import pytest

from headstart.errors import EvaluationError
from headstart.report.figure_file import draw_figure
from headstart.report.matrix_figure import plot_confusion_matrix


def list_labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_two_classes_show_their_counts():
    (axes,) = plot_confusion_matrix([[1445, 18], [15, 522]], ["cats", "dogs"]).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Predicted class", "True class")
    assert list_labels(axes.xaxis) == list_labels(axes.yaxis) == ["cats", "dogs"]
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells == {(0, 0): "1,445", (1, 0): "18", (0, 1): "15", (1, 1): "522"}


def test_right_cells_are_dark_wrong_ones_red_and_empty_ones_pale():
    (axes,) = plot_confusion_matrix([[9, 1, 0], [0, 5, 5], [0, 0, 0]], ["a", "b", "c"]).axes
    cells = np.asarray(axes.collections[0].get_array())
    assert cells[0, 0].max() - cells[0, 0].min() < 0.05  # grey
    assert cells[0, 0].mean() < 0.3
    assert cells[0, 1, 0] - cells[0, 1, 1] > 0.1  # red
    assert cells[1, 2].mean() < cells[0, 1].mean()  # half the row is stronger than a tenth
    assert (cells[2] > 0.95).all()  # a class without photos


@pytest.mark.parametrize(("n_classes", "n_labels"), [(50, 50), (60, 60), (130, 44)])
def test_many_classes_have_shades_and_no_numbers(n_classes, n_labels):
    figure = plot_confusion_matrix(np.eye(n_classes, dtype=int), [f"species {i}" for i in range(n_classes)])
    (axes,) = figure.axes
    assert not axes.texts
    assert len(list_labels(axes.yaxis)) == n_labels
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {90.0}
    assert max(figure.get_size_inches()) < 8


@pytest.mark.parametrize("classes", [["a", "b"], ["W" * 40, "b"], ["a" * 9] * 7, ["W" * 40] * 20, ["W" * 40] * 40])
def test_every_name_is_inside_the_figure(classes):
    figure = plot_confusion_matrix(1000 * np.eye(len(classes)), classes)
    figure.canvas.draw()
    (axes,) = figure.axes
    texts = [*axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label, axes.yaxis.label]
    boxes = [text.get_window_extent() for text in texts]
    width, height = figure.canvas.get_width_height()
    assert all(box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height for box in boxes)
    assert boxes[-1].x1 < min(box.x0 for box in boxes[len(classes) : -2])


def test_names_of_any_script_are_drawn():
    assert draw_figure(plot_confusion_matrix([[1.5, 0], [0, 2]], ["猫 $x$", "كلب" * 30]))


@pytest.mark.parametrize(("matrix", "classes"), [([[1, 2]], ["a", "b"]), ([[1]], ["a", "b"]), ([], [])])
def test_refuses_another_shape(matrix, classes):
    with pytest.raises(EvaluationError, match=r"Cannot plot confusion matrix: got shape .*need one row and one column"):
        plot_confusion_matrix(matrix, classes)
