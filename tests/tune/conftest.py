"""A network small enough to be trained in a second: the embedded one at 96 px, and activations made up for it."""

from dataclasses import fields, replace

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.tune.graph import read_graph
from headstart.tune.hyperparameters import Hyperparameters
from headstart.tune.tail_fitting import fit_tail
from headstart.tune.training_plan import FirstHead, TrainingData, TrainingPlan

N_PHOTOS = 24
N_CLASSES = 2
PLAN = {field.name for field in fields(TrainingPlan)}
OPTIONS = {"checkpoint", "group", "progress", "say"}


class Activations:
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
def y():
    return np.arange(N_PHOTOS) % N_CLASSES


@pytest.fixture(scope="session")
def plan(y):
    """Three epochs above block_15 on 16 photos, with 8 for validation."""
    numbers = np.arange(N_PHOTOS)
    return TrainingPlan(
        cut="block_15", first_head=FirstHead.make_zero(1280, N_CLASSES), seed=0,
        train=TrainingData(numbers[:16], y[:16], np.ones(16)),
        validation=TrainingData(numbers[16:], y[16:], np.ones(8)),
        hyperparameters=Hyperparameters(epochs=3, learning_rate=1e-4, head_rate=1e-3, batch_size=4, memory=0.1),
    )  # fmt: skip


@pytest.fixture(scope="session")
def fit(backbone, graph, plan, y):
    """Train by the plan; takes changes of the plan and of its hyperparameters, and the options of `fit_tail`."""
    generator = np.random.default_rng(0)
    array = generator.normal(0, 1, (2, N_PHOTOS, 3, 3, 160)).astype(np.float16)
    array[..., :80] += 2 * y[None, :, None, None, None]  # the two classes differ in one half of the channels

    def fit(**changes):
        options = {name: changes.pop(name) for name in OPTIONS & changes.keys()}
        of_plan = {name: changes.pop(name) for name in PLAN & changes.keys()}
        changed = replace(plan, hyperparameters=replace(plan.hyperparameters, **changes), **of_plan)
        return fit_tail(graph, backbone.spec, Activations(array), changed, **options)

    return fit
