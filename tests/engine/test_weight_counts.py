"""Weights are counted part by part, each once."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from headstart.backbone.loading import load_backbone
from headstart.engine.weight_counts import WeightCount, count_weights


@pytest.mark.parametrize("name", ["mobilenet_v2", "efficientnet_lite0", "efficientnet_lite2"])
def test_the_parts_of_a_backbone_have_all_its_parameters(name):
    backbone = load_backbone(name)
    counts = count_weights(backbone.weights, [*(stage.tensor for stage in backbone.spec.stages), "features"])
    assert sum(count.n_weights for count in counts) == backbone.spec.n_parameters
    assert counts[-1] == WeightCount(0, 0)
    # a 3 x 3 convolution of 3 channels to 32, and a batch norm of scale, offset, mean and variance
    assert counts[0] == WeightCount(3 * 3 * 3 * 32 + 4 * 32, 2 * 32)


def test_weights_that_are_not_learned_are_skipped_by_their_names():
    both = load_backbone("mobilenet_v2@96+mobilenet_v2@128")
    layers = [stage.tensor for stage in both.spec.stages]
    counts = count_weights(both.weights, layers, skipped="scaled_to_")
    alone = count_weights(load_backbone().weights, [stage.tensor for stage in load_backbone().spec.stages])
    assert counts == [*alone, *([WeightCount(0, 0)] * len(alone))]  # the second network shares the weights
    assert count_weights(both.weights, layers)[0].n_weights == alone[0].n_weights + 2 * 96 * 128


@pytest.fixture
def network():
    """A network with a side branch, a weight that is used twice, a limit, a shape and quantised weights."""
    weights = {
        "shared": np.ones((4, 4), np.float32), "limit": np.float32(6), "shape": np.array([1, 4], np.int64),
        "packed": np.ones((4, 2), np.int8), "scales": np.ones(2, np.float32), "zeros": np.zeros(2, np.int8),
    }  # fmt: skip
    nodes = [
        helper.make_node("DequantizeLinear", ["packed", "scales", "zeros"], ["unpacked"], axis=1),
        helper.make_node("MatMul", ["x", "shared"], ["a"]),
        helper.make_node("Min", ["a", "limit"], ["first"]),
        helper.make_node("Reshape", ["first", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "shared"], ["b"]),
        helper.make_node("Add", ["b", "first"], ["sum"]),
        helper.make_node("MatMul", ["sum", "unpacked"], ["second"]),
    ]
    graph = helper.make_graph(
        nodes, "small", [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 4))],
        [helper.make_tensor_value_info("second", TensorProto.FLOAT, (1, 2))],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def test_shared_weights_count_once_and_limits_shapes_and_scales_do_not(network):
    assert onnx.load_from_string(network).graph.name == "small"
    assert count_weights(network, ["first", "second"]) == [WeightCount(16, 0), WeightCount(8, 0)]


def test_a_layer_that_is_missing_counts_for_the_next_one(network):
    assert count_weights(network, ["gone", "second"]) == [None, WeightCount(24, 0)]
