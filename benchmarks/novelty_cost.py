"""What the novelty output costs: the time of a photo, and the size of the file.

One classifier with the output and without it, processor seconds in turn, the median of the rounds: the file in ONNX
Runtime on one thread, photo by photo, and `Classifier.predict` on photo files. Without the output, the file is the same
graph whose nodes and numbers of the novelty test are taken out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from harness import Claim, find_command, publish, read_options, repeat_in_turn, run_process, use_empty_cache
from headstart.classifier.classifier import Classifier
from headstart.classifier.file import ClassifierFile, read_classifier
from headstart.classifier.novelty_graph import NOVELTY

N_ROUNDS, N_ONNX, N_PREDICTED = 25, 20, 100


def take_out_novelty(data: bytes) -> bytes:
    """Return the graph of a classifier file without the output ``novelty``."""
    model = onnx.load_from_string(data)
    graph = model.graph
    for items, is_part in (
        (graph.node, lambda node: node.output[0].startswith(NOVELTY)),
        (graph.initializer, lambda tensor: tensor.name.startswith(f"{NOVELTY}/")),
        (graph.output, lambda output: output.name == NOVELTY),
    ):
        for item in [item for item in items if is_part(item)]:
            items.remove(item)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def time_call(call: Callable[[], object]) -> float:
    """Return the processor seconds of a call."""
    started = time.process_time()
    call()
    return time.process_time() - started


def make_onnx_run(data: bytes, size_px: int) -> Callable[[], float]:
    """Return a function that runs a graph photo by photo, and returns the processor seconds."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    pixels = np.random.default_rng(0).integers(0, 256, (N_ONNX, 1, size_px, size_px, 3), np.uint8)

    def run() -> None:
        for one in pixels:
            session.run(None, {"pixels": one})

    return lambda: time_call(run)


def make_predict_run(contents: ClassifierFile, photos: list[Path]) -> Callable[[], float]:
    """Return a function that predicts photo files, and returns the processor seconds."""
    classifier = Classifier(contents)
    return lambda: time_call(lambda: classifier.predict(photos))


def main() -> None:
    """Train in float32 and int8, and measure both files."""
    data: Path = read_options(__doc__)
    photos = sorted(data.rglob("*.jpg"))[:N_PREDICTED]
    rows, claims = [], []
    with use_empty_cache() as folder:
        for name, options in {"default": [], "int8": ["--precision", "int8"]}.items():
            command = [find_command(), "train", data, "--method", "fixed", *options]
            run_process([*command, "--out", folder / name])
            contents = read_classifier(folder / name)
            plain = take_out_novelty(contents.data)
            without = replace(contents, novelty=None, metadata=replace(contents.metadata, n_novelty_photos=None))
            size_px = contents.metadata.image_size
            measured = {
                "file in ONNX Runtime": (make_onnx_run(contents.data, size_px), make_onnx_run(plain, size_px), N_ONNX),
                "Classifier.predict": (
                    make_predict_run(contents, photos),
                    make_predict_run(without, photos),
                    len(photos),
                ),
            }
            for what, (run_with, run_without, n) in measured.items():
                seconds = repeat_in_turn({"with": run_with, "without": run_without}, N_ROUNDS)
                cells = [f"{1000 * seconds[key] / n:.2f}" for key in ("without", "with")]
                rows.append([f"{name}: {what}, ms a photo", *cells])
                ratio = seconds["with"] / seconds["without"]
                claims.append(Claim(f"{name}: {what}, with / without", ratio, 1.05, is_at_least=False))
            megabytes = [len(file) / 1e6 for file in (plain, contents.data)]
            rows.append([f"{name}: file, MB", *(f"{size:.2f}" for size in megabytes)])
            added = megabytes[1] - megabytes[0]
            claims.append(Claim(f"{name}: MB added to the file", added, 2.5, is_at_least=False))
    publish(__doc__, ["what", "without", "with"], rows, claims)


if __name__ == "__main__":
    main()
