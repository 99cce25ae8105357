"""A backbone quantised on the user's photos, against the other precisions of this processor.

Whole cold processes of `headstart train` in each precision (the first int8 training on a machine also quantises), with
the rate of inference alone, the accuracy on the test photos, and the size of the classifier file.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from harness import Claim, find_command, publish, read_options, repeat_in_turn, run_process, use_empty_cache
from headstart.classifier.file import read_classifier
from headstart.engine.engine import Engine, plan_build
from headstart.engine.processor import choose_precision, list_capabilities
from limit import measure_rate

N_ROUNDS = 3
N_RATE_ROUNDS = 7
N_PHOTOS = 600


def open_engine(run: Path) -> Engine:
    """Open the network of a run's classifier, in the arithmetic in which it was trained."""
    contents = read_classifier(run)
    about = contents.metadata
    build = plan_build(
        contents.digest, image_size=about.image_size, precision=about.precision,
        float32_below=about.spec.float32_below, is_quantised=about.is_quantised,
    )  # fmt: skip
    return Engine(contents.data, build)


def measure_engines(engines: dict[str, Engine], size_px: int) -> dict[str, float]:
    """Return the median rates of inference alone, photos per second, measured in turn."""
    pixels = np.random.default_rng(0).integers(0, 255, (N_PHOTOS, size_px, size_px, 3), np.uint8)
    return repeat_in_turn(
        {
            name: lambda engine=engine: measure_rate(lambda: engine.infer(pixels), N_PHOTOS)
            for name, engine in engines.items()
        },
        N_RATE_ROUNDS,
    )


def main() -> None:
    """Train and infer in each arithmetic, in turn, at both sizes."""
    data: Path = read_options(__doc__)
    precisions = ["f32", *(["bf16"] if "BF16" in list_capabilities() else []), "int8"]
    rows, claims = [], []
    with use_empty_cache() as folder:
        for size_px in (160, 224):
            runs = {name: folder / f"{name}-{size_px}" for name in precisions}

            def make_training(name: str, run: Path, size_px: int = size_px) -> Callable[[], float]:
                command = [find_command(), "train", data, "--image-size", size_px, "--precision", name]

                def train_cold() -> float:
                    shutil.rmtree(folder / "cache", ignore_errors=True)
                    return run_process([*command, "--out", run, "--overwrite"]).seconds

                return train_cold

            seconds = repeat_in_turn({name: make_training(name, run) for name, run in runs.items()}, N_ROUNDS)
            rates = measure_engines({name: open_engine(run) for name, run in runs.items()}, size_px)
            megabytes = {name: (run / "model.onnx").stat().st_size / 1e6 for name, run in runs.items()}
            accuracy = {
                name: json.loads((run / "metrics.json").read_text())["test"]["accuracy"] for name, run in runs.items()
            }
            rows += [
                [f"{size_px} px", name, f"{seconds[name]:.2f}", f"{rates[name]:,.0f}", f"{accuracy[name]:.1%}",
                 f"{megabytes[name]:.1f}"]
                for name in precisions
            ]  # fmt: skip
            auto = choose_precision()
            points = 100 * abs(accuracy["int8"] - accuracy["f32"])
            claims += [
                Claim(f"rate in int8 / rate in {auto} at {size_px} px", rates["int8"] / rates[auto], 1.3),
                Claim(f"accuracy at {size_px} px, points away from f32", points, 1, is_at_least=False),
                Claim(f"classifier file at {size_px} px, MB", megabytes["int8"], 3.5, is_at_least=False),
            ]
    columns = ["size", "arithmetic", "seconds, cold", "infer / s", "test accuracy", "file, MB"]
    publish(__doc__, columns, rows, claims)


if __name__ == "__main__":
    main()
