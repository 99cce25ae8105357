"""A Ray for all tests of the room, and a small training to run on it."""

import logging
import os

import numpy as np
import pytest

from headstart.process.cores import count_cores


@pytest.fixture(scope="session")
def own_ray(cache_folder):
    """Ray on this machine with at least two cores, started once. Connections to ``local`` use it."""
    ray = pytest.importorskip("ray")
    from headstart.scale.cluster import ENVIRONMENT

    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    ray.init(num_cpus=max(2, count_cores()), include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    yield ray
    ray.shutdown()


@pytest.fixture(scope="session")
def tuning_task(paint_folder, tmp_path_factory):
    """A training above block_15: 24 painted photos of two classes, 14 of them to train on."""
    pytest.importorskip("torch")
    from headstart.backbone.backbone import BackboneSetup
    from headstart.backbone.loading import load_backbone
    from headstart.catalog.scan import scan_photos
    from headstart.pixels.views import SYMMETRIES
    from headstart.tune.hyperparameters import Hyperparameters
    from headstart.tune.task import TuningTask
    from headstart.tune.training_plan import FirstHead, TrainingData, TrainingPlan

    folder = paint_folder(tmp_path_factory.mktemp("scale") / "photos", n=12)
    photos = sorted(scan_photos(folder).photos, key=lambda photo: photo.digest)
    y = np.array([int(photo.label == "stripes") for photo in photos])
    numbers = np.arange(len(photos))
    plan = TrainingPlan(
        cut="block_15", first_head=FirstHead.make_zero(1280, 2), seed=0,
        train=TrainingData(numbers[:14], y[:14], np.ones(14)),
        validation=TrainingData(numbers[14:], y[14:], np.ones(10)),
        hyperparameters=Hyperparameters(epochs=3, learning_rate=1e-4, head_rate=1e-3, batch_size=6, n_errors=0.0),
    )  # fmt: skip
    return TuningTask(
        photos=photos, setup=BackboneSetup(load_backbone(), 96, "f32"), views=SYMMETRIES[:2], plan=plan,
        limit_bytes=10**9, cache=True, checkpoint=None,
    )  # fmt: skip


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the groups
def pytest_collection_modifyitems(items):
    """Mark the tests that need Ray, so that ``make test`` can leave them out, and that one process runs them all."""
    for item in items:
        if "own_ray" in item.fixturenames:
            item.add_marker(pytest.mark.ray)
            item.add_marker(pytest.mark.xdist_group("ray"))  # a second Ray on this machine would join the first
