"""The reliability diagram."""

import numpy as np
import pytest

from headstart.evaluation.calibration import bin_confidence
from headstart.evaluation.intervals import wilson_interval
from headstart.report.figure_file import draw_figure
from headstart.report.reliability_figure import plot_reliability


def test_points_intervals_and_counts():
    confidence, is_right = np.array([0.6, 0.6, 0.98, 0.98]), np.array([True, False, True, True])
    ece, bins = bin_confidence(confidence, is_right, np.ones(4))
    axes, counts = plot_reliability(bins, ece).axes
    diagonal, points = axes.lines
    assert points.get_xydata() == pytest.approx(np.array([[0.6, 0.5], [0.98, 1.0]]))
    assert axes.collections[0].get_segments()[0][:, 1] == pytest.approx(wilson_interval(1, 2))
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert [bar.get_height() for bar in counts.patches if bar.get_height()] == [2, 2]
    assert (axes.get_ylabel(), counts.get_xlabel(), counts.get_ylabel()) == ("Accuracy", "Confidence", "Photos")
    assert f"{ece:.1%}" in axes.get_title(loc="left")


def test_bins_without_photos_are_drawn():
    bins = [{"confidence": None, "accuracy": None, "n": 0}] * 15
    assert draw_figure(plot_reliability(bins, 0.0))
