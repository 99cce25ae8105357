"""The picture of repeats: a dot for each split, and the intervals of their mean and of the run."""

import pytest

from headstart.errors import EvaluationError
from headstart.report.figure_file import draw_figure
from headstart.report.repeats_figure import plot_repeats

TEST = {"n": 1200, "accuracy": 0.9, "accuracy_ci95": [0.85, 0.93]}


def make_repeats(*accuracies):
    return {"accuracies": list(accuracies), "mean": 0.91, "mean_ci95": [0.88, 0.94]}


def test_each_split_is_a_dot_and_the_intervals_stand_below():
    (axes,) = plot_repeats(make_repeats(0.95, 0.87, 0.91), TEST).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "Each split", "Mean of 3 splits", "This run, 1,200 test photos",
    ]  # fmt: skip
    assert axes.yaxis_inverted()
    splits, mean, run = axes.lines
    assert splits.get_xydata().tolist() == [[0.87, 0], [0.91, 0], [0.95, 0]]
    assert (mean.get_xdata()[0], run.get_xdata()[0]) == (0.91, 0.9)
    assert [some.get_segments()[0].tolist() for some in axes.collections] == [
        [[0.88, 1], [0.94, 1]], [[0.85, 2], [0.93, 2]],
    ]  # fmt: skip
    assert axes.get_xlim()[0] <= 0.85
    assert axes.get_xlim()[1] >= 0.95


def test_equal_accuracies_do_not_hide_each_other():
    (axes,) = plot_repeats(make_repeats(*[0.9] * 30, 0.95), TEST).axes
    places = axes.lines[0].get_xydata().tolist()
    assert len(set(map(tuple, places))) == 31
    assert all(-0.5 < height < 0.5 for _, height in places)


def test_a_perfect_run_can_be_drawn():
    repeats = {"accuracies": [1.0, 1.0], "mean": 1.0, "mean_ci95": [1.0, 1.0]}
    assert draw_figure(plot_repeats(repeats, {"n": 1, "accuracy": 1.0, "accuracy_ci95": [1.0, 1.0]}))


def test_no_accuracies_are_refused():
    with pytest.raises(EvaluationError, match="Cannot plot repeats: got no accuracies"):
        plot_repeats(make_repeats(), TEST)
