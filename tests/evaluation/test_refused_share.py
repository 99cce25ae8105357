"""How likely chance refuses as many photos."""

import numpy as np
import pytest

from headstart.evaluation.refused_share import find_refusal_p


@pytest.mark.parametrize(("n", "refuse", "n_units"), [(100, 0.05, 19), (60, 0.05, 300), (500, 0.01, 99)])
def test_the_probability_is_that_of_simulated_photos(n, refuse, n_units):
    generator = np.random.default_rng(0)
    shares = generator.beta(refuse * (n_units + 1), (1 - refuse) * (n_units + 1), 200_000)
    counts = generator.binomial(n, shares)
    for n_refused in (1, 5, 10, 20):
        assert find_refusal_p(n_refused, n, refuse, n_units) == pytest.approx((counts >= n_refused).mean(), abs=0.004)


def test_the_ends_are_probabilities():
    assert find_refusal_p(0, 100, 0.01, 99) == 1.0
    assert find_refusal_p(100_000, 100_000, 0.01, 99) < 1e-9
    assert 0 < find_refusal_p(1.2, 1.4, 0.05, 19) < 0.06
