"""`Activations` fulfil the protocol of a source of activations."""

import inspect

import numpy as np

from headstart.features.activations import Activations
from headstart.tune.training_plan import ActivationSource, TrainingData


def test_activations_fulfil_the_protocol():
    array = np.arange(2 * 3 * 4, dtype=np.float16).reshape(2, 3, 2, 2, 1)
    source: ActivationSource = Activations(array, 0)
    np.testing.assert_array_equal(source.take(np.array([1, 0]), np.array([2, 0])), array[[1, 0], [2, 0]])
    source.release()
    np.testing.assert_array_equal(source.array, array)
    for name in ("take", "release"):
        theirs, asked = (inspect.signature(getattr(kind, name)).parameters for kind in (Activations, ActivationSource))
        assert list(theirs) == list(asked)


def test_training_data_are_compared_by_identity():
    one, other = (TrainingData(np.arange(2), np.arange(2), np.ones(2)) for _ in range(2))
    assert one != other  # arrays have no single answer to whether they are equal
    assert len({one, other}) == 2
