"""How long training above a cut would take on this machine."""

from __future__ import annotations

import time

import numpy as np

from headstart.backbone.engine import Engine, plan_build
from headstart.training.making import Maker
from headstart.training.settings import Settings
from headstart.training.tuning import choose_cut, choose_recipe, list_tuning_views

N_PROBES = 24  # photos that the engine is timed on


def estimate_seconds(maker: Maker, chosen: Settings, n_train: int) -> float:
    """Return the seconds that training by a method will take, by a few steps of it: 2 to 8 s to find out."""
    from headstart.tune.rate import measure_rate

    cut = choose_cut(chosen.method, chosen.cut, maker.backbone)
    recipe = choose_recipe(chosen.method, chosen)
    rate = measure_rate(maker.backbone, cut, maker.image_size, recipe)
    n_photos, n_views = len(maker.catalog.photos), len(list_tuning_views(chosen, cut))
    # below the cut once for each view, and in the end the whole network once for each view that is averaged
    n_passes = n_photos * (n_views + chosen.n_averaged)
    return recipe.epochs * n_train / rate + n_passes / measure_engine(maker, chosen.precision)


def measure_engine(maker: Maker, precision: str) -> float:
    """Return photos per second of the whole network in the engine, decoding apart."""
    spec = maker.backbone.spec
    build = plan_build(
        spec.weights_sha256, image_size=maker.image_size, precision=precision, float32_below=spec.float32_below
    )
    engine = Engine(maker.backbone.weights, build)
    pixels = np.zeros((N_PROBES, maker.image_size, maker.image_size, 3), np.uint8)
    engine.infer(pixels[:4])
    began = time.perf_counter()
    engine.infer(pixels)
    return N_PROBES / (time.perf_counter() - began)
