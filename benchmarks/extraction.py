"""Photos per second of the whole extraction, against the bound that decoding and inference set.

On the same cores the best that can be had is 1 / (1 / decode + 1 / inference). All three rates are measured in one run.
The claim: at least 80% of the bound.

    python benchmarks/extraction.py [FOLDER]

FOLDER defaults to the solar cells of the demo (PNG, 300 x 300, grey).
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from headstart.backbone.engine import Engine, count_cores
from headstart.backbone.loading import load_backbone
from headstart.catalog.find import find_photos
from headstart.pixels.decode import read_photo
from headstart.training.demo import find_cells

N_PHOTOS = 800
N_RUNS = 3
CLAIM = 0.80


def measure_rate(action: Callable[[], object], n_photos: int) -> float:
    """Return photos per second, the best of a few runs after one to warm up."""
    action()
    seconds = []
    for _ in range(N_RUNS):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return n_photos / min(seconds)


def measure(paths: list[Path], size_px: int) -> tuple[float, float, float]:
    """Return the rates of decoding alone, inference alone, and both together."""
    engine = Engine(load_backbone().weights, image_size=size_px)
    blank = np.zeros((size_px, size_px, 3), np.uint8)

    def decode() -> None:
        with ThreadPoolExecutor(count_cores()) as pool:
            list(pool.map(lambda path: read_photo(path, size_px), paths))

    decode_rate = measure_rate(decode, len(paths))
    infer_rate = measure_rate(lambda: list(engine.stream(paths, lambda _: blank)), len(paths))
    both = measure_rate(lambda: list(engine.stream(paths, lambda path: read_photo(path, size_px))), len(paths))
    return decode_rate, infer_rate, both


def main() -> None:
    """Print the table and judge the claim."""
    paths = find_photos(sys.argv[1:]) if len(sys.argv) > 1 else [path for path, _, _ in find_cells()]
    paths = paths[:N_PHOTOS]
    print(f"{len(paths)} photos, {count_cores()} cores, {platform.processor() or platform.machine()}")
    print(f"{'px':>4} {'decode/s':>9} {'infer/s':>9} {'bound/s':>9} {'whole/s':>9} {'of bound':>9}")
    ratios = []
    for size_px in (160, 224):
        decode, infer, both = measure(paths, size_px)
        bound = 1 / (1 / decode + 1 / infer)
        ratios.append(both / bound)
        print(f"{size_px:>4} {decode:>9,.0f} {infer:>9,.0f} {bound:>9,.0f} {both:>9,.0f} {both / bound:>9.2f}")
    is_held = min(ratios) >= CLAIM
    print(f"claim: at least {CLAIM:.0%} of the bound: {'held' if is_held else 'NOT HELD'}")
    sys.exit(0 if is_held else 1)


if __name__ == "__main__":
    main()
