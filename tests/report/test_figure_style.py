"""Positions and sizes of figures in inches."""

import pytest

from headstart.report.figure_file import draw_figure
from headstart.report.figure_style import (
    EDGE_IN,
    TEXT_PT,
    add_axes,
    mark_shares,
    measure_widest,
    name_axes,
    start_figure,
)


def test_axes_stand_at_their_position_in_inches():
    figure = start_figure(4, 2)
    box = add_axes(figure, 1, 0.5, 2, 1).get_position()
    assert (box.x0, box.y0, box.width, box.height) == pytest.approx((0.25, 0.25, 0.5, 0.5))


@pytest.mark.parametrize("text", ["a very long name", "قطط"])
def test_text_is_measured_as_wide_as_matplotlib_draws_it(text):
    figure = start_figure(4, 1)
    drawn = figure.text(0, 0.5, text, fontsize=9)
    draw_figure(figure)
    assert measure_widest(["x", text], 9) == pytest.approx(drawn.get_window_extent().width / figure.dpi, abs=0.04)
    assert measure_widest([], 9) == 0


def test_names_of_axes_stand_at_the_edge_for_numbers_of_any_width():
    for top in (1, 1_000_000):
        figure = start_figure(4, 2)
        axes = add_axes(figure, 1, 0.6, 2, 1)
        axes.set_ylim(0, top)
        name_axes(axes, "Epoch", "Loss", 1)
        draw_figure(figure)
        box = axes.yaxis.label.get_window_extent()
        assert box.x0 / figure.dpi == pytest.approx(EDGE_IN, abs=0.05)
        assert box.width / figure.dpi < TEXT_PT / 50


@pytest.mark.parametrize("span", [0.004, 0.01, 0.035, 0.065, 0.13, 0.15, 0.4, 1.0])
def test_no_mark_of_shares_is_rounded(span):
    axes = add_axes(start_figure(4, 3), 1, 1, 2, 1)
    axes.set_ylim(0.0, span)
    mark_shares(axes.yaxis, span)
    places = axes.get_yticks()
    assert len(places) > 3
    texts = axes.yaxis.get_major_formatter().format_ticks(places)
    assert [float(text.rstrip("%")) for text in texts] == pytest.approx([100 * place for place in places])
