"""The forecast: a power law through the errors of heads that learned from fewer photos."""

import math

import numpy as np
import pytest

from headstart.evaluation.forecast import PRIOR, CurvePoint, Forecast, fit_forecast


def make_points(exponent, error=0.2, n=2000, judged=30_000):
    sizes = (n / 4, n / 2, 3 * n / 4)
    return [CurvePoint(size, judged, round(judged * error * (size / n) ** -exponent)) for size in sizes]


@pytest.mark.parametrize("exponent", [0.1, 0.3, 0.5])
def test_the_exponent_of_many_errors_is_found(exponent):
    found = fit_forecast(make_points(exponent, n=20_000, judged=300_000), 16_000, 20_000, 16_000)
    assert found.measured == pytest.approx(exponent, abs=0.01)
    assert found.exponent == pytest.approx(exponent, abs=0.03)


def test_few_errors_leave_the_prior():
    points = [CurvePoint(5, 15, 1), CurvePoint(10, 10, 1), CurvePoint(15, 5, 0)]
    found = fit_forecast(points, 19, 20, 16)
    assert abs(found.exponent - PRIOR) < 0.03
    assert found.exponent_sd > 0.14


def test_least_squares_with_a_prior_agrees_with_a_slow_version():
    points, n_judged = make_points(0.2), 2000
    found = fit_forecast(points, 1600, n_judged, 1600)
    x, errors = np.log([p.n_fitted for p in points]), np.array([p.error for p in points])
    variance = 0.5 * (1 - errors) / (errors * n_judged) + 0.03**2
    rows = np.column_stack([np.ones(3), -x, [0] * 3]).T[:2].T
    A = np.vstack([rows / np.sqrt(variance)[:, None], [0, 1 / 0.15]])
    b = np.append(np.log(errors) / np.sqrt(variance), 0.25 / 0.15)
    expected = np.linalg.lstsq(A, b, rcond=None)[0][1]
    assert found.exponent == pytest.approx(expected, rel=1e-6)
    assert found.exponent_sd == pytest.approx(math.sqrt(np.linalg.inv(A.T @ A)[1, 1]), rel=1e-6)


def test_the_points_are_moved_to_the_level_of_cross_validation():
    found = fit_forecast(make_points(0.25, error=0.4), 1800, 2000, 2000)  # other heads are wrong four times as often
    for factor, accuracy in found.points:
        assert accuracy == pytest.approx(found.expect(factor)[0], abs=0.01)


def test_more_photos_are_more_accurate_and_less_certain():
    forecast = Forecast(1000, 800, 0.1, 0.25, 0.05, 0.25, 0.05)
    rows = [forecast.expect(factor) for factor in (1, 2, 5, 10)]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    spreads = [math.log((1 - low) / (1 - high)) for _, low, high in rows]
    assert spreads == sorted(spreads)
    assert all(low <= accuracy <= high for accuracy, low, high in rows)


def test_the_number_of_photos_for_an_accuracy_is_the_inverse_of_the_forecast():
    forecast = Forecast(5000, 4000, 0.1, 0.3, 0.02, 0.3, 0.02)
    factor, least, most = forecast.find_number(0.93)
    assert forecast.expect(factor)[0] == pytest.approx(0.93, abs=0.002)
    assert forecast.expect(least)[2] == pytest.approx(0.93, abs=0.002)
    assert forecast.expect(most)[1] == pytest.approx(0.93, abs=0.002)
    assert least < factor < most
    assert forecast.find_number(0.9999) == (None, None, None)
    assert forecast.find_number(0.5) == (1, 1, 1)


def test_no_error_and_only_errors_can_be_forecast():
    for n_right in (0, 40):
        found = fit_forecast(make_points(0.2, n=40, judged=100), n_right, 40, 32)
        assert all(0 <= share <= 1 for factor in (1, 10) for share in found.expect(factor))
