"""The statistics of the batch norms, and the distance of other photos from them."""

import numpy as np
import onnx
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.backbone.norm_statistics import read_norm_statistics
from headstart.engine.engine import Engine

PIXELS = np.random.default_rng(0).integers(0, 255, (2, 96, 96, 3), np.uint8)


@pytest.fixture(scope="module")
def statistics():
    return read_norm_statistics(load_backbone())


def test_the_last_norm_of_each_stage_is_read(statistics):
    spec = load_backbone().spec
    assert [int((statistics.layer == n).sum()) for n in range(len(spec.stages))] == [s.n_channels for s in spec.stages]
    assert (statistics.variance > 0).all()
    onnx.checker.check_model(onnx.load_from_string(statistics.network), full_check=True)


def test_moments_are_those_of_the_input_of_the_norms(statistics):
    moments = Engine(statistics.network, statistics.plan_build(96)).infer(PIXELS)
    stem = BackboneSetup(load_backbone(), 96, "f32").open_engine(tensor="Conv1").infer(PIXELS)
    n = len(statistics.mean)
    assert moments.shape == (2, 2 * n)
    np.testing.assert_allclose(moments[:, :32], stem.mean((2, 3)), atol=1e-4)
    np.testing.assert_allclose(moments[:, n : n + 32], (stem**2).mean((2, 3)), rtol=1e-3, atol=1e-4)


def test_the_norms_own_statistics_have_distance_zero_and_others_do_not(statistics):
    same = np.concatenate([statistics.mean, statistics.variance + statistics.mean**2])[None].astype(np.float32)
    np.testing.assert_allclose(statistics.measure_distance(same), 0, atol=1e-3)
    shifted = statistics.mean + 2 * np.sqrt(statistics.variance)
    other = np.concatenate([shifted, statistics.variance + shifted**2])[None].astype(np.float32)
    assert (statistics.measure_distance(other) > 1).all()
