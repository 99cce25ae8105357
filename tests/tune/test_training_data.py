"""What is trained on comes from anything that gives activations; the pipeline's own are such a thing."""

import inspect

import numpy as np

from headstart.features.activations import Activations
from headstart.tune.training_data import Lesson, Source


def test_the_pipeline_s_activations_are_a_source():
    array = np.arange(2 * 3 * 4, dtype=np.float16).reshape(2, 3, 2, 2, 1)
    source: Source = Activations(array, 0)
    np.testing.assert_array_equal(source.take(np.array([1, 0]), np.array([2, 0])), array[[1, 0], [2, 0]])
    source.release()
    np.testing.assert_array_equal(source.array, array)
    for name in ("take", "release"):
        theirs, asked = (inspect.signature(getattr(kind, name)).parameters for kind in (Activations, Source))
        assert list(theirs) == list(asked)


def test_lessons_of_the_same_photos_are_still_two():
    one, other = (Lesson(np.arange(2), np.arange(2), np.ones(2)) for _ in range(2))
    assert one != other  # arrays have no single answer to whether they are equal
    assert len({one, other}) == 2
