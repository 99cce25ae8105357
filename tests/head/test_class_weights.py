"""Class weights give classes the same total weight."""

import numpy as np
import pytest

from headstart.errors import FitError
from headstart.head.class_weights import balanced_weights, is_skewed


def test_balanced_classes_have_equal_weights_whose_sum_is_the_number_of_rows():
    y = np.repeat([0, 1, 2], [10, 3, 7])
    weights = balanced_weights(y, 3)
    np.testing.assert_allclose(np.bincount(y, weights[y]), 20 / 3)


def test_sample_weights_count_as_rows():
    y, weight = np.array([0, 0, 1, 1]), np.array([3.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(balanced_weights(y, 2, weight), balanced_weights(np.array([0, 0, 0, 0, 1, 1]), 2))


@pytest.mark.parametrize("weight", [None, np.array([1.0, 1.0, 0.0])])
def test_a_class_without_rows_is_named(weight):
    y = np.array([0, 2, 0]) if weight is None else np.array([0, 2, 1])
    with pytest.raises(FitError, match=r"Cannot balance classes: got no rows of class 1, need"):
        balanced_weights(y, 3, weight)


@pytest.mark.parametrize(
    ("counts", "expected"), [((20, 20), False), ((60, 20), False), ((61, 20), True), ((5, 0), True), ((13, 8, 4), True)]
)
def test_classes_are_skewed_above_a_ratio_of_3(counts, expected):
    assert is_skewed(np.repeat(np.arange(len(counts)), counts), len(counts)) is expected
