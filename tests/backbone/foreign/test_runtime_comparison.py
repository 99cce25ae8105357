"""A backbone's features are compared with those of the network's own file in another runtime."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from headstart.backbone.foreign.runtime_comparison import compare_features
from headstart.backbone.foreign.trial_inference import make_noise
from headstart.backbone.foreign.user_spec import UserSpec
from headstart.errors import BackboneError

PIXELS = make_noise(32)
OWN = UserSpec(name="x", value_range=(0.0, 1.0))
MEANS = (PIXELS / 255).mean((1, 2)).astype(np.float32)


def build(*nodes, weights=(), kind=TensorProto.FLOAT, inputs=("x",)):
    graph = helper.make_graph(
        nodes or [helper.make_node("ReduceMean", ["x"], ["f"], axes=[2, 3], keepdims=0)], "compared",
        [helper.make_tensor_value_info(name, kind, [1, 3, 32, 32]) for name in inputs],
        [helper.make_tensor_value_info("f", kind, None)], list(weights),
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def compare(model, ours, *, layer="f", own=OWN, plain=None, axis=None):
    compare_features((model, plain or build()), layer, own, PIXELS, ours, channel_axes=(1, axis))


def test_the_same_features_pass_and_others_do_not():
    compare(build(), MEANS)
    with pytest.raises(BackboneError, match=r"would be 1\.0% off what ONNX Runtime computes"):
        compare(build(), MEANS * np.float32(1.01))
    with pytest.raises(BackboneError, match="off what ONNX Runtime computes"):
        compare(build(), np.full_like(MEANS, np.nan))


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (UserSpec(name="x", value_range=(-1.0, 1.0)), 2 * MEANS - 1),
        (UserSpec(name="x", mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4)), (MEANS - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]),
        (UserSpec(name="x", value_range=(0.0, 1.0), colour_order="BGR"), MEANS[:, ::-1]),
    ],
)
def test_pixels_are_computed_a_second_time(own, expected):
    compare(build(), expected.astype(np.float32), own=own)
    with pytest.raises(BackboneError, match="off what ONNX Runtime computes"):
        compare(build(), MEANS, own=own)


def test_a_map_is_averaged():
    model = build(helper.make_node("Neg", ["x"], ["f"]))
    compare(model, -MEANS, axis=1)
    with pytest.raises(BackboneError, match="would give 3 features, and not the 3072 that ONNX Runtime computes"):
        compare(model, -MEANS)


def test_what_comes_after_the_layer_is_left_out():
    model = build(
        helper.make_node("ReduceMean", ["x"], ["f"], axes=[2, 3], keepdims=0),
        helper.make_node("Add", ["f", "not needed"], ["end"]), inputs=("x", "not needed"),
    )  # fmt: skip
    compare(model, MEANS)


def test_what_the_runtime_cannot_do_is_asked_of_the_network_as_it_was_read():
    strange = build(helper.make_node("NoSuchLayer", ["x"], ["f"]))
    compare(strange, MEANS)
    with pytest.raises(BackboneError, match="ONNX Runtime cannot compute its layer 'f'"):
        compare(strange, MEANS, plain=build(helper.make_node("NoSuchLayer", ["x"], ["f"])))


@pytest.mark.parametrize("kind", [np.int32, np.bool_, np.float64])
def test_other_numbers_are_no_excuse(kind):
    model = build(weights=[numpy_helper.from_array(np.ones(3, kind), "unused")])
    with pytest.raises(BackboneError, match="off what"):
        compare(model, MEANS * np.float32(1.005))


def test_half_precision_may_differ_a_little_more():
    scale = numpy_helper.from_array(np.ones((3, 1, 1), np.float16), "scale")
    nodes = [
        helper.make_node("Mul", ["x", "scale"], ["scaled"]),
        helper.make_node("ReduceMean", ["scaled"], ["f"], axes=[2, 3], keepdims=0),
    ]
    model = build(*nodes, weights=[scale], kind=TensorProto.FLOAT16)
    compare(onnx.load_from_string(model.SerializeToString()), MEANS * np.float32(1.005))
    with pytest.raises(BackboneError, match="off what"):
        compare(model, MEANS * np.float32(1.1))
