"""Quantiles of Student's t distribution against a printed table, closed forms and scipy."""

import math
from statistics import NormalDist

import pytest

from headstart.errors import EvaluationError
from headstart.evaluation.student_t import t_quantile


@pytest.mark.parametrize(
    ("p", "df", "value"),
    [
        # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2
        (0.975, 1, 12.706),
        (0.975, 2, 4.303),
        (0.975, 4, 2.776),
        (0.975, 9, 2.262),
        (0.95, 30, 1.697),
        (0.995, 5, 4.032),
        (0.9, 100, 1.290),
        (0.999, 3, 10.215),
    ],
)
def test_quantiles_equal_a_printed_table(p, df, value):
    assert t_quantile(p, df) == pytest.approx(value, abs=6e-4)


@pytest.mark.parametrize("p", [1e-6, 0.01, 0.4, 0.5, 0.500001, 0.75, 0.975, 0.9999999])
def test_one_and_two_degrees_of_freedom_have_closed_forms(p):
    assert t_quantile(p, 1) == pytest.approx(math.tan(math.pi * (p - 0.5)), rel=1e-8, abs=1e-12)
    assert t_quantile(p, 2) == pytest.approx((2 * p - 1) / math.sqrt(2 * p * (1 - p)), rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("df", [0.3, 3, 7.5, 48, 999, 123_456, 1_000_001, 1e9])
@pytest.mark.parametrize("p", [0.001, 0.3, 0.6, 0.95, 0.975, 0.99999])
def test_quantiles_equal_those_of_scipy(p, df):
    stats = pytest.importorskip("scipy.stats")
    assert t_quantile(p, df) == pytest.approx(float(stats.t.ppf(p, df)), rel=1e-8)


def test_many_degrees_of_freedom_approach_the_normal_distribution():
    assert t_quantile(0.975, 1e12) == pytest.approx(NormalDist().inv_cdf(0.975), rel=1e-10)


@pytest.mark.parametrize(("p", "df"), [(0.0, 3), (1.0, 3), (97.5, 3), (0.975, 0), (math.nan, 3), (0.5, math.nan)])
def test_impossible_numbers_are_refused(p, df):
    with pytest.raises(EvaluationError, match=r"Cannot compute a quantile: got probability .* need a probability"):
        t_quantile(p, df)
