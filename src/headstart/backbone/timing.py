"""How fast a backbone is on this machine."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np

from headstart.backbone.backbone import Backbone
from headstart.engine.engine import Engine, plan_build

N_PROBES = 24  # photos that the engine is timed on
MIN_TIMES, MAX_TIMES, ENOUGH_S = 3, 8, 2.0
_known: dict[tuple[str, int, str], float] = {}


def measure_engine(backbone: Backbone, image_size: int, precision: str = "auto") -> float:
    """Return photos per second of the whole network in the engine, decoding apart (0.2 to 4 s).

    It is measured once in a process for each backbone, image size and precision.
    """
    key = (backbone.spec.weights_sha256, image_size, precision)
    if key not in _known:
        _known[key] = _measure(backbone, image_size, precision)
    return _known[key]


def _measure(backbone: Backbone, image_size: int, precision: str) -> float:
    spec = backbone.spec
    build = plan_build(
        spec.weights_sha256, image_size=image_size, precision=precision, float32_below=spec.float32_below,
        is_quantised=backbone.is_quantised,
    )  # fmt: skip
    engine = Engine(backbone.weights, build)
    pixels = np.zeros((N_PROBES, image_size, image_size, 3), np.uint8)
    engine.infer(pixels[:4])
    return N_PROBES / time_fastest(lambda: engine.infer(pixels))


def time_fastest(action: Callable[[], object]) -> float:
    """Return the seconds of the fastest of 3 to 8 times: the first may be slow, and other programs slow any."""
    seconds: list[float] = []
    while len(seconds) < MIN_TIMES or (sum(seconds) < ENOUGH_S and len(seconds) < MAX_TIMES):
        began = perf_counter()
        action()
        seconds.append(perf_counter() - began)
    return min(seconds)
