"""Convert float16 to float32 fast: numpy's own conversion takes most of the time of a pass over stored features."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

LARGEST = 65504.0  # finite number of float16
# the fraction of a float32 has 13 more bits, and its exponents begin 112 lower
N_BITS, EXPONENTS = 13, np.float32(2.0**112)
SIGN_AND_NUMBER = np.int32(-0x7000_0001)  # all bits except the three extra bits of the exponent


def widen(X: npt.NDArray[Any], out: npt.NDArray[np.float32]) -> None:
    """Copy an array of float16 or float32 into one of float32, exactly, NaN and infinity included.

    numpy converts number by number, 140 to 350 million a second. These operations on whole arrays are about ten times
    as fast, as long as ``out`` fits into a core's cache.

    Examples
    --------
    >>> out = np.empty(3, np.float32)
    >>> widen(np.array([0.1, -2, np.inf], np.float16), out)
    >>> out
    array([ 0.09997559, -2. , inf], dtype=float32)
    """
    if X.dtype != np.float16:
        out[...] = X
        return
    bits = out.view(np.int32)
    bits[...] = X.view(np.int16)  # the sign extends into the upper bits
    bits <<= N_BITS
    bits &= SIGN_AND_NUMBER
    out *= EXPONENTS
    if out.size and max(out.max(), -out.min()) > LARGEST:  # infinity and NaN were converted to finite numbers
        out[...] = X
