"""Pooled stages are the means of several stages side by side."""

from dataclasses import replace

import numpy as np
import onnx
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.backbone.pooled_stages import choose_inner_layers, choose_pooled_stages, pool_stages

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


@pytest.mark.slow
def test_wide_features_end_with_those_of_all_stages():
    plain = load_backbone()
    wide = infer(pool_stages(plain, "wide"))
    assert wide.shape == (2, 4664)
    np.testing.assert_allclose(wide[:, -1976:], infer(pool_stages(plain, "all")), atol=1e-5)
    start = 0
    for layer, _, n_channels in choose_inner_layers(plain):
        means = infer(plain, layer).mean((2, 3))
        np.testing.assert_allclose(wide[:, start : start + n_channels], means, atol=1e-4)
        start += n_channels
    assert start == 4664 - 1976


def test_a_network_without_such_layers_has_the_features_of_all_stages():
    plain = load_backbone()
    only_top = replace(plain, spec=replace(plain.spec, stages=plain.spec.stages[-2:], n_float32_stages=0))
    assert choose_inner_layers(only_top) == []
    assert pool_stages(only_top, "wide").spec.n_features == pool_stages(only_top, "all").spec.n_features


def test_the_last_features_are_those_of_the_backbone_itself():
    plain = load_backbone()
    assert pool_stages(plain, "last") == plain


@pytest.mark.parametrize("features", ["all", "wide"])
def test_the_graph_is_valid_and_its_bytes_are_the_same_every_time(features):
    pool = pool_stages.__wrapped__  # without what is kept in memory
    pooled = pool(load_backbone(), features)
    onnx.checker.check_model(onnx.load_from_string(pooled.weights), full_check=True)
    assert pooled == pool(load_backbone(), features)
