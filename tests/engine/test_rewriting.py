"""A rewritten network gives the same bits, or computes its first stages in float32."""

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.backbone.pooled_stages import pool_stages
from headstart.engine import compiling
from headstart.engine.cutting import take_below
from headstart.engine.openvino_import import get_core, import_openvino
from headstart.engine.processor import choose_precision
from headstart.engine.rewriting import (
    keep_float32,
    list_inner_layers,
    postpone_transpose,
    round_inner_layers,
    take_channels_last,
)

BACKBONE = load_backbone()
PIXELS = np.random.default_rng(0).integers(0, 255, (2, 96, 96, 3), np.uint8)


@pytest.fixture
def network():
    network = get_core().read_model(BACKBONE.weights)
    network.reshape([2, 96, 96, 3])
    return take_below(network, "features")


def compute(network, precision="f32"):
    compiled = get_core().compile_model(network, "CPU", compiling._choose_settings(precision, 1))
    return compiled({0: PIXELS})[0].copy()


@pytest.mark.parametrize("precision", ["f32", choose_precision()])
def test_a_postponed_transpose_changes_no_bit(network, precision):
    rewritten = postpone_transpose(network)
    first = next(iter(rewritten.get_parameters()[0].output(0).get_target_inputs())).get_node()
    assert first.get_type_name() == "Convert"
    np.testing.assert_array_equal(compute(rewritten, precision), compute(network, precision))


def test_a_network_without_a_first_transpose_stays_as_it_is():
    openvino = import_openvino()
    from openvino import opset13

    pixels = opset13.parameter([2, 4, 4, 3], openvino.Type.u8, name="pixels")
    network = openvino.Model([opset13.convert(pixels, "f32")], [pixels])
    assert [op.get_type_name() for op in postpone_transpose(network).get_ordered_ops()] == [
        op.get_type_name() for op in network.get_ordered_ops()
    ]


def test_arithmetic_by_channel_stays_behind_the_transpose():
    openvino = import_openvino()
    from openvino import opset13

    pixels = opset13.parameter([2, 4, 4, 3], openvino.Type.u8, name="pixels")
    turned = opset13.transpose(pixels, np.array([0, 3, 1, 2]))
    scaled = opset13.divide(opset13.convert(turned, "f32"), np.full((1, 3, 1, 1), 2.0, np.float32))
    network = openvino.Model([scaled], [pixels])
    answer = get_core().compile_model(postpone_transpose(network), "CPU")({0: PIXELS[:, :4, :4]})[0]
    np.testing.assert_array_equal(answer, PIXELS[:, :4, :4].transpose(0, 3, 1, 2) / np.float32(2))


def test_a_network_may_take_channels_last():
    openvino = import_openvino()
    from openvino import opset13

    rows = opset13.parameter([2, 3, 4, 4], openvino.Type.f32, name="rows")
    network = openvino.Model([opset13.reduce_max(rows, np.array([2, 3]))], [rows])
    turned = take_channels_last(network)
    turned.reshape([2, 4, 4, 3])
    photos = PIXELS[:, :4, :4].astype(np.float32)
    np.testing.assert_array_equal(get_core().compile_model(turned, "CPU")({0: photos})[0], photos.max((1, 2)))


@pytest.mark.skipif(choose_precision() != "bf16", reason="this processor has no bf16")
def test_the_first_stages_are_computed_in_float32(network):
    marked = keep_float32(network, BACKBONE.spec.float32_below)
    compiled = get_core().compile_model(marked, "CPU", compiling._choose_settings("bf16", 1))
    precisions = {}
    for op in compiled.get_runtime_model().get_ops():
        about = op.get_rt_info()
        if about["layerType"].astype(str) == "Convolution":
            for name in about["originalLayersNames"].astype(str).split(","):
                precisions[name] = about["runtimePrecision"].astype(str)
    first = [precisions[name] for name in ("bn_Conv1", "expanded_conv_depthwise_BN", "expanded_conv_project_BN")]
    assert first == ["f32"] * 3
    assert precisions["block_1_expand_BN"] == "bf16"


@pytest.mark.skipif(choose_precision() != "bf16", reason="needs a processor that computes in bf16")
@pytest.mark.parametrize("name", ["mobilenet_v2", "efficientnet_lite0"])
def test_in_bf16_outputs_do_not_change_what_others_give(name):
    backbone = load_backbone(name)
    spec, cut = backbone.spec, backbone.spec.find_stage(backbone.spec.default_cut).tensor

    def compute_part(features="last", rows=PIXELS, **options):
        pooled = pool_stages(backbone, features)
        build = compiling.Build(**{
            "digest": pooled.spec.weights_sha256, "image_size": 96, "batch_size": 2, "precision": "bf16", "entry": None,
            "tensor": "features", "float32_below": pooled.spec.float32_below, "n_cores": 1, **options,
        })  # fmt: skip
        return [array.copy() for array in compiling.compile_network(pooled.weights, build)(rows).values()]

    (last,), (activations,) = compute_part(), compute_part(tensor=cut)
    rows = np.ascontiguousarray(activations.transpose(0, 2, 3, 1))
    wide, also = compute_part("wide", also=cut)
    (above,) = compute_part(rows=rows, entry=cut, entry_shape=rows.shape[1:])
    for found in (compute_part("all")[0], compute_part("wide")[0], wide, above):
        np.testing.assert_array_equal(found[:, -spec.n_last_features :], last)
    np.testing.assert_array_equal(also, activations)


def test_only_what_a_convolution_reads_is_rounded_before_an_output():
    whole = get_core().read_model(BACKBONE.weights)
    inner = list_inner_layers(whole)
    for tensor, n_new in (("features", 0), (BACKBONE.spec.stages[-1].tensor, 0), ("block_12_add", 2)):  # and a kernel
        part = take_below(whole, tensor)
        assert len(round_inner_layers(part, inner).get_ops()) == len(part.get_ops()) + n_new
