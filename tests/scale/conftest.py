"""A Ray of the tests' own, and a small training to carry out on it."""

import logging
import os

import numpy as np
import pytest

from headstart.process.cores import count_cores


@pytest.fixture(scope="session")
def own_ray(cache_folder):
    """Ray on this machine with at least two cores, started once: what connects to ``local`` finds it."""
    ray = pytest.importorskip("ray")
    from headstart.scale.cluster import QUIET

    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    ray.init(num_cpus=max(2, count_cores()), include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    yield ray
    ray.shutdown()


@pytest.fixture(scope="session")
def tuning_task(paint_folder, tmp_path_factory):
    """24 painted photos of two classes, half of them to train on, above block_15."""
    pytest.importorskip("torch")
    from headstart.backbone.loading import load_backbone
    from headstart.catalog.scan import scan_photos
    from headstart.pixels.views import SYMMETRIES
    from headstart.tune.hyperparameters import Recipe
    from headstart.tune.task import TuningTask
    from headstart.tune.trainable import FirstHead
    from headstart.tune.training_data import Lesson

    folder = paint_folder(tmp_path_factory.mktemp("scale") / "photos", n=12)
    photos = sorted(scan_photos(folder).photos, key=lambda photo: photo.digest)
    y = np.array([int(photo.label == "stripes") for photo in photos])
    numbers = np.arange(len(photos))
    start = FirstHead(np.zeros(1280), np.ones(1280), np.zeros((1280, 2), np.float32), np.zeros(2, np.float32))
    return TuningTask(
        photos, load_backbone(), "block_15", 96, SYMMETRIES[:2], "f32", 10**9, True,
        Recipe(epochs=3, learning_rate=1e-4, head_rate=1e-3, batch_size=6, n_errors=0.0), start,
        Lesson(numbers[:14], y[:14], np.ones(14)), Lesson(numbers[14:], y[14:], np.ones(10)), 0, 1, None,
    )  # fmt: skip
