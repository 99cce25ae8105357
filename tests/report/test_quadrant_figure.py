"""The point of the photos in the quadrants."""

import pytest

from headstart.report.quadrant_figure import FEWEST, plot_quadrants


@pytest.mark.parametrize(("n", "similarity"), [(1, 0.0), (300, 0.5), (10_000_000, 1.0)])
def test_the_point_is_always_inside(n, similarity):
    figure = plot_quadrants({"photos": (n, similarity)}, large=2000, similar=0.65)
    (axes,) = figure.axes
    (x,), (y,) = axes.lines[-1].get_data()
    assert FEWEST <= x <= axes.get_xlim()[1]
    assert y == similarity
    texts = {text.get_text() for text in axes.texts}
    assert {"photos", "fixed", "hybrid", "finetune or scratch"} <= texts
