"""One pass over blocks measures the same as two passes over all rows, and copies a sample."""

import numpy as np
import pytest

from headstart.errors import FitError
from headstart.head.first_pass import Moments, draw_sample, measure_and_sample
from headstart.head.standardise import measure_standardisation
from headstart.process.progress import ignore_progress

RANDOM = np.random.default_rng(0)
X = (RANDOM.gamma(1.0, size=(1100, 5)) * [1, 50, 0, 1e-4, 1] + [0, 0, 0.1, 0, 3e3]).astype(np.float32)
WEIGHT = RANDOM.uniform(0, 2, len(X)) * (np.arange(len(X)) > 300)  # the first block has none


def measure(blocks, floor=0.0, at=()):
    return measure_and_sample(blocks, WEIGHT, np.array(at, int), floor=floor, progress=ignore_progress)


@pytest.mark.parametrize("n_rows", [1, 300, 2000])
@pytest.mark.parametrize("floor", [0.0, 0.5])
def test_the_standardisation_equals_that_of_rows_in_memory(cut_rows, n_rows, floor):
    found, _ = measure(cut_rows(X, n_rows), floor)
    expected = measure_standardisation(X, WEIGHT, floor=floor)
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-12)
    np.testing.assert_allclose(found.scale, expected.scale, rtol=1e-9)
    assert floor or found.scale[2] == 1  # the constant


def test_the_variance_of_large_numbers_is_exact():
    far = RANDOM.normal(size=(400, 1)) + 1e8
    joined = Moments.measure(far[:100], np.ones(100)).join(Moments.measure(far[100:], np.ones(300)))
    np.testing.assert_allclose(joined.squares / 400, far.var(axis=0), rtol=1e-6)


def test_the_sample_has_the_requested_rows(cut_rows):
    at = [0, 7, 299, 300, 1099]
    _, sample = measure(cut_rows(X.astype(np.float16), 100), at=at)
    np.testing.assert_array_equal(sample, X.astype(np.float16)[at])


def test_rows_with_nan_or_infinity_in_all_blocks_are_counted(cut_rows):
    broken = X.copy()
    broken[[3, 4, 700], [0, 1, 2]] = [np.nan, np.inf, -np.inf]
    with pytest.raises(FitError, match=r"^Cannot fit a head: got 3 rows with NaN or infinity, need finite features"):
        measure(cut_rows(broken, 100))


def test_the_sample_has_every_class_and_no_row_of_weight_0():
    y = np.repeat([0, 1, 2], [9000, 990, 10])
    weight = np.arange(10_000) % 2
    at = draw_sample(y, weight, 300, seed=0)
    assert 300 <= len(at) <= 303
    assert (np.diff(at) > 0).all()
    assert weight[at].all()
    assert 15 <= (y[at] == 1).sum() <= 45
    assert set(y[at]) == {0, 1, 2}
    np.testing.assert_array_equal(at, draw_sample(y, weight, 300, seed=0))
    assert set(at) != set(draw_sample(y, weight, 300, seed=1))
    np.testing.assert_array_equal(draw_sample(y, weight, 10_000, seed=0), np.arange(10_000))
