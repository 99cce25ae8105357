"""The picture of the forecast: the line, its band, and the points that it rests on."""

import pytest

from headstart.errors import EvaluationError
from headstart.evaluation.forecast import Forecast
from headstart.methods.forecast import describe_forecast
from headstart.report.figure_file import draw_figure
from headstart.report.forecast_figure import plot_forecast


def make_record(error=0.2):
    points = ((0.3, 1 - 1.3 * error), (0.6, 1 - 1.1 * error), (0.9, 1 - error))
    made = Forecast(1000, 800, error, 0.25, 0.05, 0.25, 0.05, points)
    return {"n": 1000, "accuracy": 1 - error} | describe_forecast(made, guess=0.1, copy_share=0)


def test_line_band_and_points():
    (axes,) = plot_forecast(make_record()).axes
    line, points, now = axes.lines
    assert line.get_xdata().tolist()[0] == 1000
    assert line.get_xdata().tolist()[-1] == 10_000
    assert points.get_xdata().tolist() == pytest.approx([300, 600, 900])
    assert now.get_xydata().tolist() == [[1000, 0.8]]
    assert len(axes.collections) == 1
    assert [label.get_text() for label in axes.get_xticklabels()] == ["300", "1,000", "2,000", "5,000", "10,000"]
    low, high = axes.get_ylim()
    assert low < min(row["interval80"][0] for row in make_record()["curve"])
    assert high <= 1


@pytest.mark.parametrize("nearest", [0.74, 0.76, 0.77, 0.78, 0.79, 0.8, 0.81, 0.83])
def test_the_word_at_the_point_of_today_covers_no_circle(nearest):
    record = make_record()
    record["points"][-1]["accuracy"] = nearest
    figure = plot_forecast(record)
    (axes,) = figure.axes
    figure.canvas.draw()
    word = axes.texts[0].get_window_extent().padded(3 * figure.dpi / 72)  # by the radius of a circle
    assert axes.texts[0].get_text() == "now"
    _, points, now = axes.lines
    for circles in (points, now):
        assert not any(word.contains(x, y) for x, y in axes.transData.transform(circles.get_xydata()))
    assert axes.get_window_extent().contains(*axes.texts[0].get_window_extent().min)


@pytest.mark.parametrize("error", [0.0005, 0.85])
def test_extreme_accuracies_can_be_drawn(error):
    assert draw_figure(plot_forecast(make_record(error)))


def test_without_a_curve_nothing_is_drawn():
    with pytest.raises(EvaluationError, match="Cannot plot a forecast: got no curve"):
        plot_forecast({"n": 10, "accuracy": 0.5, "reason": "few-photos"})
