"""How fast a backbone is on this machine."""

from __future__ import annotations

import time

import numpy as np

from headstart.backbone.engine import Engine, plan_build
from headstart.backbone.loading import Backbone

N_PROBES = 24  # photos that the engine is timed on


def measure_engine(backbone: Backbone, image_size: int, precision: str = "auto") -> float:
    """Return photos per second of the whole network in the engine, decoding apart (0.2 to 2 s)."""
    spec = backbone.spec
    build = plan_build(
        spec.weights_sha256, image_size=image_size, precision=precision, float32_below=spec.float32_below,
        is_quantised=backbone.is_quantised,
    )  # fmt: skip
    engine = Engine(backbone.weights, build)
    pixels = np.zeros((N_PROBES, image_size, image_size, 3), np.uint8)
    engine.infer(pixels[:4])
    began = time.perf_counter()
    engine.infer(pixels)
    return N_PROBES / (time.perf_counter() - began)
