"""Backbones, and two side by side: accuracy of `fixed`, and photos per second.

`headstart train --method fixed --features all --precision f32` on the splits of seeds 0 to 4: the mean test accuracy.
Cats and dogs have their own test photos, so seeds change only the validation photos. Photos per second are those of the
network alone, in float32 without decoding, from processor seconds measured in turn: other programs do not count. The
accuracies are kept in benchmarks/backbones.json, so that a run that was stopped goes on.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from harness import DATA, ROOT, Claim, publish, repeat_in_turn
from headstart.backbone.loading import open_setup
from headstart.catalog.scan import scan_photos
from headstart.engine.engine import Engine
from headstart.evaluation.intervals import wilson_interval
from headstart.process.cores import count_cores
from headstart.report.backbones_figure import BackbonePoint, plot_backbones
from headstart.report.figure_file import draw_figure, save_png
from headstart.training.backbone_comparison import compare_backbones
from headstart.training.demo import write_demo_catalog

KEPT = Path(__file__).with_suffix(".json")
SETS = ("cats-dogs", "coffee-leaf", "solar-cells")
BACKBONES = (
    "mobilenet_v2", "efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "efficientnet_lite2@224",
    "mobilenet_v2+efficientnet_lite1", "mobilenet_v2+efficientnet_lite2", "mobilenet_v2+mobilenet_v2@320",
)  # fmt: skip
SEEDS = range(5)
N_ROUNDS, N_PHOTOS = 5, 16


def measure_accuracies() -> dict[str, float]:
    """Return the mean test accuracy by set and backbone; train what is not kept."""
    kept: dict[str, list[float]] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        for name in SETS:
            for backbone in BACKBONES:
                key = f"{name}/{backbone}"
                for seed in SEEDS[len(kept.get(key, ())) :]:
                    if name == "solar-cells":
                        source = Path(folder, f"{seed}.csv")
                        write_demo_catalog(source, seed, is_weighted=True)
                    else:
                        source = DATA / name
                    catalog = scan_photos(source, seed=seed)
                    found = compare_backbones(
                        catalog, [backbone], seed=seed, features="all", precision="f32", verbose=False
                    )
                    kept.setdefault(key, []).append(found[0].accuracy)
                    KEPT.write_text(json.dumps(kept, indent=1))
                    print(key, seed, f"{found[0].accuracy:.4f}", file=sys.stderr, flush=True)
    return {key: float(np.mean(values)) for key, values in kept.items()}


def measure_rates() -> dict[str, float]:
    """Return the photos per second on all cores, from processor seconds."""
    runs: dict[str, Callable[[], float]] = {}
    for name in BACKBONES:
        setup = open_setup(name, precision="f32")
        engine = setup.open_engine()
        pixels = np.random.default_rng(0).integers(0, 256, (N_PHOTOS, *[setup.image_size] * 2, 3), np.uint8)
        engine.infer(pixels)

        runs[name] = partial(time_processor, engine, pixels)
    return {name: N_PHOTOS * count_cores() / seconds for name, seconds in repeat_in_turn(runs, N_ROUNDS).items()}


def time_processor(engine: Engine, pixels: np.ndarray) -> float:
    """Return the processor seconds of an inference."""
    before = os.times()
    engine.infer(pixels)
    after = os.times()
    return after.user + after.system - before.user - before.system


def draw(kept: dict[str, float], rates: dict[str, float], name: str, n_test: int) -> None:
    """Draw the backbones on one set; the intervals are those of the mean accuracy on one test set."""
    points = [
        BackbonePoint(
            one,
            1000 / rates[one],
            kept[f"{name}/{one}"],
            wilson_interval(round(kept[f"{name}/{one}"] * n_test), n_test),
        )
        for one in BACKBONES
    ]
    save_png(draw_figure(plot_backbones(points, n_test)), ROOT / "docs" / "pictures" / "backbones.png")


def main() -> None:
    """Measure and publish."""
    accuracies, rates = measure_accuracies(), measure_rates()
    rows = [
        [name, *(f"{accuracies[f'{some}/{name}']:.1%}" for some in SETS), f"{rates[name]:,.0f}"] for name in BACKBONES
    ]
    plain, both = BACKBONES[0], BACKBONES[6]
    gain = float(np.mean([accuracies[f"{some}/{both}"] - accuracies[f"{some}/{plain}"] for some in SETS]))
    apart = 1 / (1 / rates[plain] + 1 / rates[BACKBONES[3]])
    claims = [
        Claim("mobilenet_v2+efficientnet_lite2 beside mobilenet_v2, points on the mean of the sets", 100 * gain, 0.5),
        Claim("photos per second of both side by side, as a share of one after the other", rates[both] / apart, 0.85),
    ]
    draw(accuracies, rates, "coffee-leaf", 253)
    publish(__doc__ or "", ["backbone", *SETS, "photos/s"], rows, claims)


if __name__ == "__main__":
    main()
