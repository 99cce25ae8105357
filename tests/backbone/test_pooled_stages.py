"""Pooled stages are the means of several stages side by side."""

import numpy as np
import onnx
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.backbone.pooled_stages import choose_pooled_stages, pool_stages

PIXELS = np.random.default_rng(0).integers(0, 255, (2, 96, 96, 3), np.uint8)


def infer(backbone, tensor="features"):
    return BackboneSetup(backbone, 96, "f32").open_engine(tensor=tensor).infer(PIXELS)


@pytest.mark.slow
def test_features_are_the_means_of_the_chosen_stages():
    plain = load_backbone()
    wide = pool_stages(plain)
    assert wide.spec.n_features == 1976
    assert wide.spec.weights_sha256 != plain.spec.weights_sha256
    assert wide.spec.fingerprint() != plain.spec.fingerprint()
    features = infer(wide)
    assert features.shape == (2, 1976)
    np.testing.assert_allclose(features[:, -1280:], infer(plain), atol=1e-5)
    start = 0
    for stage in choose_pooled_stages(plain.spec)[:-1]:
        means = infer(plain, stage.tensor).mean((2, 3))
        np.testing.assert_allclose(features[:, start : start + stage.n_channels], means, atol=1e-4)
        start += stage.n_channels


def test_the_graph_is_valid_and_its_bytes_are_the_same_every_time():
    wide = pool_stages(load_backbone())
    onnx.checker.check_model(onnx.load_from_string(wide.weights), full_check=True)
    assert wide == pool_stages(load_backbone())
