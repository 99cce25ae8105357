"""A classifier as LiteRT (.tflite), by way of its Keras model, in float32 or int8."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.classifier.file import ClassifierFile
from headstart.classifier.novelty_graph import NOVELTY
from headstart.exports.int8 import extract_last
from headstart.exports.keras_model import POOLING, add_texts, build_keras, check_network, import_tensorflow
from headstart.exports.prediction import PROBABILITIES, Outputs, Pixels, PredictOne
from headstart.head.novelty import NoveltyTest
from headstart.pixels.resizing import resize_pixels


def write_litert(contents: ClassifierFile, path: Path, pixels: Pixels | None = None) -> None:
    """Write a ``.tflite`` file that takes (1, S, S, 3) float32 pixels, 0 to 255.

    Parameters
    ----------
    pixels
        (N, S, S, 3) uint8 pixels to quantise on. Default: the model is not quantised.
    """
    check_network(contents)  # before the user installs TensorFlow for it
    tensorflow, test = import_tensorflow(), contents.novelty
    with redirect_stdout(io.StringIO()):  # the converter prints each variable of the network
        if pixels is None:
            converted = _make_converter(tensorflow, contents).convert()
        elif test is None:
            converted = _quantise(tensorflow, contents, pixels)
        else:
            shift = _measure_shift(tensorflow, contents, test, pixels)
            converted = _quantise(tensorflow, replace(contents, novelty=test.shift(shift)), pixels)
    path.write_bytes(converted)
    add_texts(path, contents)


@contextmanager
def open_litert(path: Path) -> Iterator[PredictOne]:
    """Open a ``.tflite`` file. It takes photos of one size, so they are resized here by our rule."""
    interpreter = import_tensorflow().lite.Interpreter(str(path))
    run, entry = interpreter.get_signature_runner(), interpreter.get_input_details()[0]
    side = int(entry["shape"][1])

    def predict(_: Path, pixels: Pixels) -> Outputs:
        outputs = run(pixels=resize_pixels(pixels, side, side)[None].astype(entry["dtype"]))
        return Outputs.take(outputs if NOVELTY in outputs else {PROBABILITIES: next(iter(outputs.values()))})

    yield predict


def _make_converter(tensorflow: Any, contents: ClassifierFile) -> Any:
    return tensorflow.lite.TFLiteConverter.from_keras_model(build_keras(contents, is_any_size=False))


def _quantise(tensorflow: Any, contents: ClassifierFile, pixels: Pixels) -> bytes:
    """Return the model in int8, except for its novelty test: a sum of squares has no digits left in 8 bits."""
    lite = tensorflow.lite
    converter = _make_converter(tensorflow, contents)
    names = [] if contents.novelty is None else _list_novelty_layers(lite, converter.convert())
    converter.optimizations = [lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([photo[None].astype(np.float32)] for photo in pixels)
    if not names:
        return bytes(converter.convert())
    # the one way to keep layers in float32: a tool to find layers that lose much in int8
    options = lite.experimental.QuantizationDebugOptions(denylisted_nodes=names)
    debugger = lite.experimental.QuantizationDebugger(
        converter=converter, debug_dataset=converter.representative_dataset, debug_options=options
    )
    return bytes(debugger.get_nondebug_quantized_model())


def _list_novelty_layers(lite: Any, converted: bytes) -> list[str]:
    """Return the names of the layers from the pooled features to the novelty, among names that are no layers."""
    interpreter = lite.Interpreter(model_content=converted)
    names = [tensor["name"] for tensor in interpreter.get_tensor_details()]
    end = interpreter.get_signature_runner().get_output_details()[NOVELTY]["name"]
    return [end, *(name for name in names if any(f"/{layer}" in name for layer in (POOLING, "average", NOVELTY)))]


def _measure_shift(tensorflow: Any, contents: ClassifierFile, test: NoveltyTest, pixels: Pixels) -> float:
    """Return by how much the novelty scores rise in int8, on the median photo that it is quantised on.

    The model is first made with a test of one line: its novelty is a straight line of the score.
    """
    scores = test.score(extract_last(contents, pixels))
    most = 10 * max(float(scores.max()), 1)
    one = np.ones(1, np.float32)
    line = replace(test, starts=0 * one, slopes=one / np.float32(most), falls=one, most=1.0)
    quantised = _quantise(tensorflow, replace(contents, novelty=line), pixels)
    run = tensorflow.lite.Interpreter(model_content=quantised).get_signature_runner()
    found = [float(run(pixels=photo[None].astype(np.float32))[NOVELTY][0, 0]) for photo in pixels]
    return float(np.median((1 - np.array(found)) * most - scores))
