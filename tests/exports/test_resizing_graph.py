"""Resizing in the graph follows the rule of `pixels.resizing`, in every runtime."""

import numpy as np
import onnxruntime
import pytest

from headstart.backbone.graph_file import UINT8, make_file, make_name, make_node, make_port
from headstart.engine.openvino_import import get_core
from headstart.exports.resizing_graph import prepend_resizing
from headstart.pixels.resizing import resize_pixels

SIZES = [(60, 80), (96, 96), (33, 200), (480, 311), (1, 1), (97, 95)]


def build_resizer(size_px):
    trunk = prepend_resizing(make_node("Identity", ["pixels"], "resized"), size_px)
    ends = [
        make_port("input", "pixels", UINT8, ["n", "height", "width", 3]),
        make_port("output", "resized", UINT8, ["n", size_px, size_px, 3]),
    ]
    return make_file("test", b"".join([trunk, make_name("resizer"), *ends]), {})


@pytest.fixture(scope="module")
def runtimes():
    network = build_resizer(96)
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    compiled = get_core().compile_model(get_core().read_model(network), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return {
        "onnxruntime": lambda pixels: session.run(None, {"pixels": pixels})[0],
        "openvino": lambda pixels: compiled([pixels])[0],
    }


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("size", SIZES)
def test_pixels_are_resized_by_the_rule(runtimes, runtime, size):
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    found, wanted = runtimes[runtime](pixels[None])[0].astype(int), resize_pixels(pixels, 96, 96).astype(int)
    assert np.abs(found - wanted).max() <= 2
    assert (found != wanted).mean() < 0.02


def test_a_photo_of_the_right_size_is_unchanged(runtimes):
    pixels = np.random.default_rng(1).integers(0, 256, (2, 96, 96, 3), np.uint8)
    assert (runtimes["onnxruntime"](pixels) == pixels).all()


def test_a_batch_gives_the_same_as_its_photos(runtimes):
    pixels = np.random.default_rng(2).integers(0, 256, (3, 50, 70, 3), np.uint8)
    together = runtimes["onnxruntime"](pixels)
    assert (together == np.concatenate([runtimes["onnxruntime"](one[None]) for one in pixels])).all()
