"""The speed of a backbone on this machine."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np

from headstart.backbone.backbone import BackboneSetup

N_PROBES = 24  # photos per measurement
MIN_RUNS, MAX_RUNS, ENOUGH_S = 3, 8, 2.0
_known: dict[tuple[str, int, str], float] = {}


def measure_inference_rate(setup: BackboneSetup) -> float:
    """Return the photos per second of the whole network in the engine, without decoding (0.2 to 4 s).

    A process measures each setup once.
    """
    key = (setup.spec.weights_sha256, setup.image_size, setup.precision)
    if key not in _known:
        engine = setup.open_engine()
        pixels = np.zeros((N_PROBES, setup.image_size, setup.image_size, 3), np.uint8)
        engine.infer(pixels[:4])
        _known[key] = N_PROBES / time_fastest(lambda: engine.infer(pixels))
    return _known[key]


def time_fastest(action: Callable[[], object]) -> float:
    """Return the seconds of the fastest of 3 to 8 runs: the first may be slow, and other programs may slow any."""
    seconds: list[float] = []
    while len(seconds) < MIN_RUNS or (sum(seconds) < ENOUGH_S and len(seconds) < MAX_RUNS):
        began = perf_counter()
        action()
        seconds.append(perf_counter() - began)
    return min(seconds)
