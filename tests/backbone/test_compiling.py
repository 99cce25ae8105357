"""Compiled networks: a fetched one gives the same bits as a fresh one, and float32 is kept where it is asked for."""

import hashlib

import numpy as np
import pytest

from headstart import shelf
from headstart.backbone import compiling
from headstart.backbone.compiling import keep_float32
from headstart.backbone.engine import Engine
from headstart.backbone.loading import load_backbone
from headstart.backbone.processor import choose_precision

PIXELS = np.random.default_rng(0).integers(0, 255, (5, 96, 96, 3), np.uint8)
BACKBONE = load_backbone()


def extract(precision: str) -> np.ndarray:
    engine = Engine(
        BACKBONE.weights, image_size=96, precision=precision, float32_below=BACKBONE.spec.float32_below, batch_size=2
    )
    return engine.infer(PIXELS)


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    return tmp_path / shelf.FOLDER


@pytest.mark.parametrize("precision", ["f32", "auto"])
def test_a_fetched_network_gives_the_bits_of_a_fresh_one(folder, precision):
    fresh = extract(precision)
    n_kept = len(list(folder.iterdir()))
    assert n_kept
    np.testing.assert_array_equal(extract(precision), fresh)
    assert len(list(folder.iterdir())) == n_kept


def test_what_is_no_compiled_network_is_compiled_again(folder):
    fresh = extract("f32")
    for path in folder.iterdir():
        junk = b"not a network"
        path.write_bytes(hashlib.sha256(junk).digest() + junk)
    np.testing.assert_array_equal(extract("f32"), fresh)


def test_other_settings_are_other_networks(folder, monkeypatch):
    extract("f32")
    n_kept = len(list(folder.iterdir()))
    monkeypatch.setattr(compiling, "describe_engine", lambda: "another processor")
    extract("f32")
    assert len(list(folder.iterdir())) == n_kept + 1


@pytest.mark.skipif(choose_precision() != "bf16", reason="this processor has no bf16")
def test_the_first_stages_are_computed_in_float32():
    import openvino

    network = openvino.Core().read_model(BACKBONE.weights)
    network.reshape([1, 96, 96, 3])
    marked = keep_float32(network, str(BACKBONE.spec.float32_below))
    compiled = openvino.Core().compile_model(marked, "CPU", compiling._choose_settings("bf16", 1))
    precisions = {}
    for op in compiled.get_runtime_model().get_ops():
        about = op.get_rt_info()
        if about["layerType"].astype(str) == "Convolution":
            for name in about["originalLayersNames"].astype(str).split(","):
                precisions[name] = about["runtimePrecision"].astype(str)
    first = [precisions[name] for name in ("bn_Conv1", "expanded_conv_depthwise_BN", "expanded_conv_project_BN")]
    assert first == ["f32"] * 3
    assert precisions["block_1_expand_BN"] == "bf16"
