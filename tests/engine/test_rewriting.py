"""A rewritten network gives the same bits, or computes its first stages in float32."""

import hashlib

import numpy as np
import pytest

from headstart.backbone.graph_file import make_name, make_node, make_signature, make_tensor, take_apart
from headstart.backbone.loading import load_backbone
from headstart.backbone.pooled_stages import pool_stages
from headstart.engine import compiling
from headstart.engine.cutting import take_below
from headstart.engine.openvino_import import get_core, import_openvino
from headstart.engine.processor import choose_precision
from headstart.engine.rewriting import (
    keep_float32,
    list_inner_layers,
    list_layers_below,
    postpone_transpose,
    round_inner_layers,
    take_channels_last,
)

BACKBONE = load_backbone()
IN_BF16 = pytest.mark.skipif(choose_precision() != "bf16", reason="needs a processor that computes in bf16")
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


def compute_in_bf16(backbone, rows=PIXELS, network=None, **options):
    """Compute a network in bf16, and return its outputs."""
    build = compiling.Build(**{
        "digest": hashlib.sha256(network or backbone.weights).hexdigest(), "image_size": 96, "batch_size": 2,
        "precision": "bf16", "entry": None, "tensor": "features", "float32_below": backbone.spec.float32_below,
        "n_cores": 1, **options,
    })  # fmt: skip
    return [array.copy() for array in compiling.compile_network(network or backbone.weights, build)(rows).values()]


@IN_BF16
@pytest.mark.parametrize("name", ["mobilenet_v2", "efficientnet_lite0"])
def test_in_bf16_outputs_do_not_change_what_others_give(name):
    backbone = load_backbone(name)
    spec, cut = backbone.spec, backbone.spec.find_stage(backbone.spec.default_cut).tensor
    (last,) = compute_in_bf16(backbone)
    wide, also = compute_in_bf16(pool_stages(backbone, "wide"), also=cut)
    for found in (compute_in_bf16(pool_stages(backbone, features))[0] for features in ("all", "wide")):
        np.testing.assert_array_equal(found[:, -spec.n_last_features :], last)
    np.testing.assert_array_equal(wide[:, -spec.n_last_features :], last)
    np.testing.assert_array_equal(also, compute_in_bf16(backbone, tensor=cut)[0])


@IN_BF16
@pytest.mark.parametrize("cut", ["stem", "block_0", "block_1", "block_11", "block_12", "block_16"])
def test_in_bf16_a_network_may_be_cut_anywhere(cut):
    check_cut(BACKBONE, cut)


@IN_BF16
def test_in_bf16_networks_of_others_may_be_cut(make_network, tmp_path):
    backbone = load_backbone(str(make_network(tmp_path / "net.onnx")))
    for stage in backbone.spec.stages[:-1]:
        check_cut(backbone, stage.name)


def check_cut(backbone, cut):
    """Check that activations at a cut change no feature, whether they are an output or an input."""
    tensor = backbone.spec.find_stage(cut).tensor
    (last,), (activations,) = compute_in_bf16(backbone), compute_in_bf16(backbone, tensor=tensor)
    rows = np.ascontiguousarray(activations.transpose(0, 2, 3, 1))
    features, also = compute_in_bf16(backbone, also=tensor)
    np.testing.assert_array_equal(features, last)
    np.testing.assert_array_equal(also, activations)
    np.testing.assert_array_equal(compute_in_bf16(backbone, rows, entry=tensor, entry_shape=rows.shape[1:])[0], last)


@IN_BF16
@pytest.mark.parametrize("features", ["last", "wide"])
def test_in_bf16_the_head_of_a_classifier_changes_no_feature(features):
    backbone = pool_stages(BACKBONE, features)
    file = take_apart(backbone.weights)
    weights = make_tensor("weights", np.ones((backbone.spec.n_features, 2), np.float32))
    head = [make_node("MatMul", ["features", "weights"], "scores"), weights, make_signature("scores", 2)]
    classifier = file.join(b"".join([file.trunk, *head, make_name("classifier")]), file.entries)
    np.testing.assert_array_equal(compute_in_bf16(backbone, network=classifier)[0], compute_in_bf16(backbone)[0])


@IN_BF16
def test_networks_side_by_side_have_no_layer_between_pixels_and_scaling():
    backbone = load_backbone("mobilenet_v2@96+mobilenet_v2@128")
    build = compiling.Build(
        digest="side by side", image_size=128, batch_size=1, precision="bf16", entry=None, tensor="features",
        float32_below=backbone.spec.float32_below, n_cores=1,
    )  # fmt: skip
    layers = compiling.compile_network(backbone.weights, build).get_runtime_model().get_ops()
    names = " ".join(layer.get_rt_info()["originalLayersNames"].astype(str) for layer in layers)
    assert "/rescaled" in names
    assert "/rounded" not in names.replace("scaled_to_96/rounded", "")


@IN_BF16
def test_a_cut_in_the_first_stages_is_computed_in_float32():
    stem = BACKBONE.spec.find_stage("stem").tensor
    in_float32 = compute_in_bf16(BACKBONE, tensor=stem, precision="f32")
    np.testing.assert_array_equal(compute_in_bf16(BACKBONE, tensor=stem)[0], in_float32[0])


def test_only_what_a_convolution_reads_is_rounded_before_an_output():
    whole = get_core().read_model(BACKBONE.weights)
    inner, exact = list_inner_layers(whole), list_layers_below(whole, BACKBONE.spec.float32_below)
    cases = {"features": 0, BACKBONE.spec.stages[-1].tensor: 0, "block_12_add": 2, "Conv1_relu": 2}  # and a kernel
    for tensor, n_new in cases.items():
        part = take_below(whole, tensor)
        part.reshape([1, 96, 96, 3])
        rounded, in_float32 = round_inner_layers(part, inner, exact)
        assert len(rounded.get_ops()) == len(part.get_ops()) + n_new
        assert in_float32 == (["Conv1_relu/0/rounded"] if tensor == "Conv1_relu" else [])


def test_additions_read_no_layer_that_an_output_reads():
    whole = get_core().read_model(BACKBONE.weights)
    part = take_below(whole, "features", "block_11_add")
    part.reshape([1, 96, 96, 3])
    rounded, _ = round_inner_layers(part, list_inner_layers(whole))
    readers = {
        op.get_friendly_name(): sorted(target.get_node().get_type_name() for target in op.output(0).get_target_inputs())
        for op in rounded.get_ops()
        if op.get_friendly_name().startswith("block_11_add")
    }
    assert readers == {
        "block_11_add": ["Add", "GroupConvolution"],
        "block_11_add/0/rounded": ["Convolution", "Result"],
    }
