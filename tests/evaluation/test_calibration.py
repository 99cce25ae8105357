"""The calibration error and its bins."""

import numpy as np
import pytest

from headstart.evaluation.calibration import N_BINS, bin_confidence


def test_the_error_equals_a_calculation_by_hand():
    confidence = np.array([0.55, 0.58, 0.95, 0.99, 0.97, 0.96])
    is_right = np.array([True, False, True, True, True, False])
    error, bins = bin_confidence(confidence, is_right, np.ones(6))
    # bin 8 is (0.533, 0.6]: mean confidence 0.565, accuracy 0.5; bin 14 is (0.933, 1]: 0.9675 and 0.75
    assert error == pytest.approx((2 * 0.065 + 4 * 0.2175) / 6)
    assert bins[8] == {"confidence": pytest.approx(0.565), "accuracy": 0.5, "n": 2}
    assert bins[14] == {"confidence": pytest.approx(0.9675), "accuracy": 0.75, "n": 4}


def test_empty_bins_are_listed_with_none():
    _, bins = bin_confidence(np.array([0.9]), np.array([True]), np.ones(1))
    assert len(bins) == N_BINS
    assert bins[0] == {"confidence": None, "accuracy": None, "n": 0}


@pytest.mark.parametrize(("confidence", "place"), [(0.0, 0), (0.2, 2), (0.21, 3), (1.0, 14), (1.004, 14)])
def test_a_bin_holds_its_upper_edge(confidence, place):
    _, bins = bin_confidence(np.array([confidence]), np.array([True]), np.ones(1))
    assert [i for i, each in enumerate(bins) if each["n"]] == [place]


def test_a_weight_of_3_counts_as_3_photos():
    confidence, is_right = np.array([0.9, 0.6, 0.9]), np.array([True, True, False])
    weighted, _ = bin_confidence(confidence, is_right, np.array([3.0, 1.0, 2.0]))
    repeated, _ = bin_confidence(np.repeat(confidence, [3, 1, 2]), np.repeat(is_right, [3, 1, 2]), np.ones(6))
    assert weighted == pytest.approx(repeated)
    assert weighted != pytest.approx(bin_confidence(confidence, is_right, np.ones(3))[0])
