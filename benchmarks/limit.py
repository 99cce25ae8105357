"""Extraction against the limit of the machine.

The bound on the same cores is 1 / (1 / decode + 1 / infer), from the rates of decoding alone and of inference alone on
all cores, with the defaults of `headstart train`, without the cache of features.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from harness import Claim, publish, read_options, repeat_in_turn, use_empty_cache
from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.photo import Photo
from headstart.catalog.scan import scan_photos
from headstart.engine.compiling import compile_network
from headstart.engine.engine import THREADS_PER_CORE
from headstart.features.extraction import extract_features
from headstart.pixels.decode import read_photo
from headstart.process.cores import count_cores

N_PHOTOS = 1500
N_ROUNDS = 5
CHUNK = 8


def measure_rate(action: Callable[[], object], n_photos: int) -> float:
    """Return photos per second of one run."""
    started = time.perf_counter()
    action()
    return n_photos / (time.perf_counter() - started)


def measure_rates(photos: list[Photo], size_px: int) -> dict[str, float]:
    """Return the median rates of decoding alone, inference alone, and the whole extraction, measured in turn."""
    backbone = load_backbone()
    build = BackboneSetup(backbone, size_px).plan_build()
    compiled = compile_network(backbone.weights, build)
    blank = np.random.default_rng(0).integers(0, 255, (build.batch_size, size_px, size_px, 3), np.uint8)
    chunks = [photos[start : start + CHUNK] for start in range(0, len(photos), CHUNK)]

    def decode() -> None:
        with ThreadPoolExecutor(THREADS_PER_CORE * count_cores()) as pool:
            list(pool.map(lambda chunk: [read_photo(photo.path, size_px, photo.digest) for photo in chunk], chunks))

    def infer_some(n_batches: int) -> None:
        request = compiled.create_infer_request()
        for _ in range(n_batches):
            request.infer({0: blank}, share_inputs=True)

    def infer() -> None:  # the engine's requests alone, without a line of its own code
        n_threads = THREADS_PER_CORE * count_cores()
        with ThreadPoolExecutor(n_threads) as pool:
            list(pool.map(infer_some, [len(photos) // build.batch_size // n_threads] * n_threads))

    def extract() -> None:
        extract_features(photos, BackboneSetup(backbone, size_px))

    infer()
    runs = {"decode": decode, "infer": infer, "whole": extract}
    return repeat_in_turn(
        {name: lambda run=run: measure_rate(run, len(photos)) for name, run in runs.items()}, N_ROUNDS
    )


def main() -> None:
    """Measure at 160 and 224 px."""
    data: Path = read_options(__doc__)
    rows, claims = [], []
    with use_empty_cache():
        every = scan_photos(data).photos
        photos = list(every[:: max(1, len(every) // N_PHOTOS)])[:N_PHOTOS]
        for size_px in (160, 224):
            rates = measure_rates(photos, size_px)
            bound = 1 / (1 / rates["decode"] + 1 / rates["infer"])
            share = rates["whole"] / bound
            rows.append([f"{size_px} px", *(f"{rate:,.0f}" for rate in (*rates.values(), bound)), f"{share:.0%}"])
            claims.append(Claim(f"whole extraction / bound at {size_px} px", share, 0.9))
    publish(__doc__, ["size", "decode / s", "infer / s", "whole / s", "bound / s", "of the bound"], rows, claims)


if __name__ == "__main__":
    main()
