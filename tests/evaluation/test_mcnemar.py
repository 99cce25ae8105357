"""McNemar's exact test, against the binomial distribution."""

import pytest
from scipy.stats import binomtest

from headstart.errors import EvaluationError
from headstart.evaluation.mcnemar import mcnemar_p


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 9), (5, 5), (0, 20), (12, 30), (480, 560), (4000, 4200)])
def test_the_p_value_is_that_of_the_exact_binomial_test(first, second):
    expected = binomtest(first, first + second).pvalue
    assert mcnemar_p(first, second) == mcnemar_p(second, first) == pytest.approx(expected, rel=1e-6)


def test_the_same_photos_are_no_difference():
    assert mcnemar_p(0, 0) == 1


def test_negative_counts_are_refused():
    with pytest.raises(EvaluationError, match="got -1 and 2 photos on which only one is right, need 0 or more"):
        mcnemar_p(-1, 2)
