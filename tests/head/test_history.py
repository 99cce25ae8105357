"""The history is a table of epochs, thinned to at most 100 points a curve."""

from dataclasses import asdict, fields

import numpy as np

from headstart.head.history import MAX_POINTS, Epoch, thin_history


def test_the_fields_are_the_four_columns_in_order():
    assert [field.name.capitalize() for field in fields(Epoch)] == ["Data", "Epoch", "Accuracy", "Loss"]
    assert list(asdict(Epoch("Training", 1, 0.5, 0.7)).values()) == ["Training", 1, 0.5, 0.7]


def test_a_long_history_is_thinned_evenly_and_keeps_its_ends():
    curve = [Epoch(data, n, 0.5, 1 / n) for n in range(1, 1001) for data in ("Training", "Validation")]
    thinned = thin_history(curve)
    training = [epoch.epoch for epoch in thinned if epoch.data == "Training"]
    assert training == [epoch.epoch for epoch in thinned if epoch.data == "Validation"]
    assert len(training) == MAX_POINTS
    assert (training[0], training[-1]) == (1, 1000)
    assert max(np.diff(training)) <= 11
