"""float16 is converted to float32 exactly."""

import numpy as np
import pytest

from headstart.head.float16 import widen

EVERY = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
FINITE = EVERY[np.isfinite(EVERY)]


def test_every_finite_number_is_converted_exactly():
    out = np.full(len(FINITE), 7, np.float32)
    widen(FINITE, out)
    np.testing.assert_array_equal(out.view(np.int32), FINITE.astype(np.float32).view(np.int32))  # -0 is not 0 here


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_converted(value):
    X = np.append(FINITE, np.float16(value))
    out = np.empty(len(X), np.float32)
    widen(X, out)
    np.testing.assert_array_equal(out, X.astype(np.float32))


def test_the_output_may_be_a_part_of_a_larger_array():
    X, out = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float16), np.zeros((5, 4), np.float32)
    X.flags.writeable = False
    widen(X[:, ::-1], out[:, :-1])
    np.testing.assert_array_equal(out, np.hstack([X[:, ::-1], np.zeros((5, 1))]))
    widen(out[:, :2] + 1, out[:, 2:])  # float32 is copied
    np.testing.assert_array_equal(out[:, 2:], out[:, :2] + 1)
