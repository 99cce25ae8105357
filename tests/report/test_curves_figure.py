"""The figure of curves has a line for each class, its area, and the working points."""

from headstart.report.curves_figure import plot_curves

CURVE = {
    "label": "cats", "roc_auc": 0.75, "average_precision": 0.5, "false_alarm_rate": [0, 0.5, 1], "recall": [0, 0.9, 1],
    "precision": [1, 0.6, 0.5],
}  # fmt: skip
POINT = {"label": "cats", "recall": 0.9, "false_alarm_rate": 0.5, "precision": 0.6}


def read_legends(figure):
    return [[text.get_text() for text in axes.get_legend().get_texts()] for axes in figure.axes]


def test_each_class_has_its_areas_in_the_legends():
    figure = plot_curves([CURVE, CURVE | {"label": "_$dogs$"}])
    assert read_legends(figure) == [["cats  0.750", "_$dogs$  0.750"], ["cats  0.500", "_$dogs$  0.500"]]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["ROC curve", "Precision by recall"]


def test_working_points_are_circles_on_the_curves():
    plain, marked = plot_curves([CURVE]), plot_curves([CURVE], [POINT])
    for before, after, place in zip(plain.axes, marked.axes, ((0.5, 0.9), (0.9, 0.6)), strict=True):
        (new,) = after.lines[len(before.lines) :]
        assert (new.get_xdata()[0], new.get_ydata()[0]) == place


def test_eight_lines_differ():
    figure = plot_curves([CURVE] * 8)
    for axes in figure.axes:
        lines = axes.lines[-8:]
        assert len({(line.get_color(), str(line._unscaled_dash_pattern)) for line in lines}) == 8
