"""The two parts of a cut network give together what the whole network gives."""

import numpy as np
import openvino
import pytest

from headstart.backbone.loading import load_backbone
from headstart.engine.cutting import has_layer, take_below, take_between
from headstart.engine.engine import Engine, plan_build
from headstart.engine.openvino_import import get_core
from headstart.errors import BackboneError

PIXELS = np.random.default_rng(0).integers(0, 255, (4, 96, 96, 3), np.uint8)


@pytest.fixture(scope="module")
def network():
    return get_core().read_model(load_backbone().weights)


def open_engine(**settings):
    backbone = load_backbone()
    return Engine(backbone.weights, plan_build(backbone.spec.weights_sha256, image_size=96, **settings))


@pytest.mark.parametrize("stage", ["stem", "block_0", "block_9", "top"])
def test_the_parts_below_and_above_a_cut_make_the_whole_network(network, stage):
    tensor = next(s.tensor for s in load_backbone().spec.stages if s.name == stage)
    settings = {openvino.properties.hint.inference_precision(): openvino.Type.f32}
    compile_part = get_core().compile_model
    below = compile_part(take_below(network, tensor), "CPU", settings)
    above = compile_part(take_between(network, tensor, "features"), "CPU", settings)
    whole = open_engine(precision="f32").infer(PIXELS)
    np.testing.assert_allclose(above(below(PIXELS)[0])[0], whole, atol=1e-4)


def test_cutting_changes_no_layer_of_the_network_itself(network):
    n_layers = len(network.get_ops())
    take_below(network, "Conv1_relu")
    take_between(network, "Conv1_relu", "features")
    assert len(network.get_ops()) == n_layers


def test_layers_are_found_by_name(network):
    assert has_layer(network, "block_2_add")
    assert not has_layer(network, "block_99_add")
    with pytest.raises(BackboneError, match="no layer has this name"):
        take_below(network, "block_99_add")


@pytest.mark.parametrize("tensor", ["Conv1_relu", "expanded_conv_project_BN", "block_1_project_BN"])
def test_a_cut_may_be_at_or_below_the_end_of_float32(tensor):
    backbone = load_backbone()
    build = plan_build(
        backbone.spec.weights_sha256, image_size=96, tensor=tensor, float32_below=backbone.spec.float32_below
    )
    exact = plan_build(backbone.spec.weights_sha256, image_size=96, tensor=tensor, precision="f32")
    rows, expected = (Engine(backbone.weights, each).infer(PIXELS[:, :96, :96]) for each in (build, exact))
    assert np.abs(rows - expected).max() < 0.05 * np.abs(expected).max()


def test_the_first_stages_stay_in_float32_where_the_rest_is_bf16():
    try:
        mixed = open_engine(precision="bf16", float32_below=load_backbone().spec.float32_below)
    except BackboneError:
        pytest.skip("this processor has no bf16 arithmetic")
    exact = open_engine(precision="f32").infer(PIXELS)
    rough = open_engine(precision="bf16").infer(PIXELS)
    errors = [np.square(features - exact).mean() for features in (mixed.infer(PIXELS), rough)]
    assert errors[0] < 0.5 * errors[1]
