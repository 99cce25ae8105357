"""Training curves: names, colours, scales."""

import threading

import pytest
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.text import Text

from headstart.errors import EvaluationError
from headstart.report.figure_file import draw_figure, encode_png
from headstart.report.history_figure import plot_history


def make_rows(n_epochs=5, lowest=0.92):
    return [
        (data, epoch, min(1.0, lowest + 0.01 * epoch), 0.4 / epoch)
        for data in ("Training", "Validation")
        for epoch in range(1, n_epochs + 1)
    ]


def list_texts(figure):
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(Text) if text.get_visible()]


def list_ticks(axis):
    return [tick.label1.get_text() for tick in axis.get_major_ticks()]


def test_axes_legend_and_colours():
    figure = plot_history(make_rows())
    texts = list_texts(figure)
    assert texts.count("Epoch") == 2
    assert {"Accuracy", "Loss", "Training", "Validation"} <= set(texts)
    colours = {to_hex(line.get_color()) for axes in figure.axes for line in axes.findobj(Line2D)}
    assert {"#80797c", "#981220"} <= colours


@pytest.mark.parametrize(("lowest", "floor"), [(0.92, "90%"), (0.85, "80%"), (0.55, "50%"), (0.1, "0%")])
def test_accuracy_is_in_percent_up_to_100(lowest, floor):
    figure = plot_history(make_rows(lowest=lowest))
    figure.canvas.draw()
    ticks = list_ticks(figure.axes[0].yaxis)
    assert (ticks[0], ticks[-1]) == (floor, "100%")


@pytest.mark.parametrize(
    ("n_epochs", "ticks"), [(1, ["1"]), (5, list("12345")), (100, ["1", "20", "40", "60", "80", "100"])]
)
def test_epochs_are_whole(n_epochs, ticks):
    figure = plot_history(make_rows(n_epochs, lowest=0.0))
    figure.canvas.draw()
    assert list_ticks(figure.axes[0].xaxis) == ticks


def test_training_alone_has_no_validation_in_the_legend():
    assert "Validation" not in list_texts(plot_history([("Training", 1, 0.5, 1.0), ("Training", 2, 0.6, 0.9)]))


def test_epochs_after_training_diverged_are_left_out():
    rows = [*make_rows(3, lowest=0.5), ("Training", 4, float("nan"), float("inf")), ("Validation", 4, 0.5, None)]
    figure = plot_history(rows)
    figure.canvas.draw()
    assert list_ticks(figure.axes[0].xaxis) == ["1", "2", "3"]


@pytest.mark.parametrize(("ends", "place"), [((1.0, 0.97), 0.13), ((0.9, 0.03), 0.5), ((0.3, 0.02), 0.87)])
def test_the_legend_does_not_cover_the_curves(ends, place):
    rows = [(d, e, end, 1.0) for d, end in zip(("Training", "Validation"), ends, strict=True) for e in range(1, 9)]
    figure = plot_history([*rows, ("Training", 1, 0.01, 1.0)])
    figure.canvas.draw()
    axes = figure.axes[0]
    box = axes.get_legend().get_window_extent().transformed(axes.transAxes.inverted())
    assert (box.y0 + box.y1) / 2 == pytest.approx(place, abs=0.06)


def test_numbers_stand_between_the_axes_and_their_name():
    rows = [(data, epoch, 0.5, 1000.0 / epoch) for data in ("Training", "Validation") for epoch in (1, 2)]
    figure = plot_history(rows)
    figure.canvas.draw()
    for axes in figure.axes:
        name = axes.yaxis.label.get_window_extent()
        numbers = [tick.label1.get_window_extent() for tick in axes.yaxis.get_major_ticks()]
        assert name.x0 >= 0
        assert name.x1 < min(box.x0 for box in numbers)


def test_leaves_no_figure_in_pyplot():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    encode_png(draw_figure(plot_history(make_rows())))
    assert plt.get_fignums() == before


def test_threads_can_draw_at_the_same_time():
    pngs = []
    threads = [
        threading.Thread(target=lambda: pngs.append(encode_png(draw_figure(plot_history(make_rows())))))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pngs) == 2
    assert pngs[0] == pngs[1]


@pytest.mark.parametrize(
    ("rows", "got"),
    [
        ([], "no finite rows"),
        ([("Training", 1, 0.5, float("nan"))], "no finite rows"),
        ([("Test", 1, 0.5, 1.0)], "'Test'"),
    ],
)
def test_refuses_other_rows(rows, got):
    with pytest.raises(
        EvaluationError, match=f"Cannot plot history: got .*{got}.*, need rows of Training or Validation"
    ):
        plot_history(rows)
