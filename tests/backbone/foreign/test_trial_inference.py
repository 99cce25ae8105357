"""Networks are checked on noise: the embedded one passes, networks that are no feature extractors do not."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from headstart.backbone.foreign.trial_inference import find_sizes, infer_trial, make_noise, measure_shapes
from headstart.backbone.loading import load_backbone
from headstart.errors import BackboneError

EMBEDDED = load_backbone().weights


def build(*nodes, weights=()):
    graph = helper.make_graph(
        [helper.make_node("Cast", ["pixels"], ["x"], to=TensorProto.FLOAT), *nodes], "tried",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", "h", "w", 3])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, None)], list(weights),
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def mean(name="x"):
    return helper.make_node("ReduceMean", [name], ["features"], axes=[1, 2], keepdims=0)


def test_the_embedded_network_passes_at_any_size():
    assert infer_trial(EMBEDDED, make_noise(96), 1280).shape == (2, 1280)
    assert find_sizes(EMBEDDED, 96, 1280) == (32, 1024)


def test_shapes_are_measured_for_layers_that_give_floats():
    shapes = measure_shapes(EMBEDDED, "pixels", 3, 96)
    assert shapes["block_12_add"] == [1, 96, 6, 6]
    assert "pixels" not in shapes
    with pytest.raises(BackboneError, match="the engine cannot read it"):
        measure_shapes(b"nothing", "pixels", 3, 96)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (build(helper.make_node("Log", ["x"], ["log"]), helper.make_node("Sub", ["log", "log"], ["nan"]), mean("nan")),
         "not all finite"),
        (build(helper.make_node("Mul", ["x", "zero"], ["none"]), mean("none"),
               weights=[numpy_helper.from_array(np.float32(0), "zero")]), "same features for two different photos"),
        (build(mean()), r"have shape \(2, 3\), need \(2, 4\)"),
    ],
)  # fmt: skip
def test_a_network_that_is_no_feature_extractor_is_refused(network, message):
    with pytest.raises(BackboneError, match=message):
        infer_trial(network, make_noise(32), 4 if "shape" in message else 3)
