"""What the batch norms remember, and how far other photos are from it."""

import numpy as np
import onnx
import pytest

from headstart.backbone.loading import load_backbone
from headstart.backbone.norm_statistics import TENSOR, recall_memory
from headstart.engine.engine import Engine, plan_build

PIXELS = np.random.default_rng(0).integers(0, 255, (2, 96, 96, 3), np.uint8)


@pytest.fixture(scope="module")
def memory():
    return recall_memory(load_backbone())


def test_it_holds_the_last_norm_of_each_stage(memory):
    spec = load_backbone().spec
    assert [int((memory.layer == n).sum()) for n in range(len(spec.stages))] == [s.n_channels for s in spec.stages]
    assert (memory.variance > 0).all()
    onnx.checker.check_model(onnx.load_from_string(memory.network), full_check=True)


def test_moments_are_those_of_what_goes_into_the_norms(memory):
    build = plan_build("memory", image_size=96, precision="f32", tensor=TENSOR)
    moments = Engine(memory.network, build).infer(PIXELS)
    plain = plan_build(load_backbone().spec.weights_sha256, image_size=96, precision="f32", tensor="Conv1")
    stem = Engine(load_backbone().weights, plain).infer(PIXELS)
    n = len(memory.mean)
    assert moments.shape == (2, 2 * n)
    np.testing.assert_allclose(moments[:, :32], stem.mean((2, 3)), atol=1e-4)
    np.testing.assert_allclose(moments[:, n : n + 32], (stem**2).mean((2, 3)), rtol=1e-3, atol=1e-4)


def test_what_is_remembered_is_at_no_distance(memory):
    same = np.concatenate([memory.mean, memory.variance + memory.mean**2])[None].astype(np.float32)
    np.testing.assert_allclose(memory.measure_distance(same), 0, atol=1e-3)
    shifted = memory.mean + 2 * np.sqrt(memory.variance)
    other = np.concatenate([shifted, memory.variance + shifted**2])[None].astype(np.float32)
    assert (memory.measure_distance(other) > 1).all()
