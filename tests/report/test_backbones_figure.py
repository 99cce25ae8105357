"""Backbones by time and accuracy: every name is readable, whatever the points."""

import numpy as np
import pytest

from headstart.errors import EvaluationError
from headstart.report.backbones_figure import BackbonePoint, list_best, place_names, plot_backbones
from headstart.report.figure_style import TEXT_PT, measure_widest

SIZE = (5.4, 3.0)


def overlap(one, other):
    return min(one[2], other[2]) > max(one[0], other[0]) and min(one[3], other[3]) > max(one[1], other[1])


@pytest.mark.parametrize("seed", range(8))
def test_no_name_covers_another_name_or_leaves_the_axes(seed):
    rng = np.random.default_rng(seed)
    names = ["mobilenet_v2", "efficientnet_lite0", "efficientnet_lite2", "mobilenet_v2+efficientnet_lite2", "a", "net"]
    at = [(x, 2.9 if seed % 2 else y) for x, y in zip(rng.uniform(0.3, 5, 6), rng.uniform(0.1, 2.9, 6), strict=True)]
    boxes = []
    for name, (left, middle) in zip(names, place_names(names, at, SIZE), strict=True):
        boxes.append((left, middle - 0.07, left + measure_widest([name], TEXT_PT), middle + 0.07))
    assert all(box[0] >= 0 and box[2] <= SIZE[0] and box[1] >= 0 and box[3] <= SIZE[1] for box in boxes)
    assert not [1 for n, box in enumerate(boxes) for other in boxes[:n] if overlap(box, other)]


def test_the_figure_has_a_point_a_name_and_an_interval_for_each():
    points = [BackbonePoint("fast", 2.0, 0.8, (0.7, 0.9)), BackbonePoint("slow", 20.0, 0.9, (0.8, 1.0)),
              BackbonePoint("worse", 30.0, 0.85, (0.75, 0.95))]  # fmt: skip
    (axes,) = plot_backbones(points, 100).figure.axes
    assert {text.get_text() for text in axes.texts} == {"fast", "slow", "worse"}
    assert "100 test photos" in axes.get_ylabel()
    low, high = axes.get_xlim()
    assert low < 2.0 < 30.0 < high
    assert [point.name for point in list_best(points)] == ["fast", "slow"]


def test_one_backbone_can_be_drawn_and_none_cannot():
    (axes,) = plot_backbones([BackbonePoint("only", 4.0, 1.0, (0.9, 1.0))], 30).axes
    low, high = axes.get_xlim()
    assert high / low == pytest.approx(10)
    with pytest.raises(EvaluationError, match="got none, need at least 1"):
        plot_backbones([], 0)
