"""A network small enough to be trained in a second: the embedded one at 96 px, and activations made up for it."""

from types import SimpleNamespace

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.tune.graph import read_graph
from headstart.tune.hyperparameters import Recipe
from headstart.tune.trainable import FirstHead
from headstart.tune.training_data import Lesson

N_PHOTOS = 24
N_CLASSES = 2


class Source:
    """Activations in memory."""

    def __init__(self, array):
        self.array = array

    def take(self, views, photos):
        return self.array[views, photos]

    def release(self):
        pass


@pytest.fixture(scope="session")
def backbone():
    return load_backbone()


@pytest.fixture(scope="session")
def graph(backbone):
    return read_graph(backbone.weights)


@pytest.fixture(scope="session")
def task():
    """Two classes above block_15 that differ in one channel."""
    generator = np.random.default_rng(0)
    y = np.arange(N_PHOTOS) % N_CLASSES
    array = generator.normal(0, 1, (2, N_PHOTOS, 3, 3, 160)).astype(np.float16)
    array[..., :80] += 2 * y[None, :, None, None, None]
    first = FirstHead(np.zeros(1280), np.ones(1280), np.zeros((1280, N_CLASSES), np.float32), np.zeros(2, np.float32))
    numbers = np.arange(N_PHOTOS)
    return SimpleNamespace(
        source=Source(array), cut="block_15", start=first, seed=0,
        train=Lesson(numbers[:16], y[:16], np.ones(16)), validation=Lesson(numbers[16:], y[16:], np.ones(8)),
        recipe=Recipe(epochs=3, learning_rate=1e-4, head_rate=1e-3, batch_size=4, memory=0.1),
    )  # fmt: skip
