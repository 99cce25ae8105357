"""The features of a backbone are compared with those of the network's own file in ONNX Runtime."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from headstart.backbone.foreign.runtime_comparison import compare_features
from headstart.backbone.foreign.trial_inference import make_noise
from headstart.backbone.foreign.user_spec import UserSpec
from headstart.errors import BackboneError

PIXELS = make_noise(32)
USER_SPEC = UserSpec(name="x", value_range=(0.0, 1.0))
MEANS = (PIXELS / 255).mean((1, 2)).astype(np.float32)


def build(*nodes, weights=(), kind=TensorProto.FLOAT, inputs=("x",)):
    graph = helper.make_graph(
        nodes or [helper.make_node("ReduceMean", ["x"], ["f"], axes=[2, 3], keepdims=0)], "compared",
        [helper.make_tensor_value_info(name, kind, [1, 3, 32, 32]) for name in inputs],
        [helper.make_tensor_value_info("f", kind, None)], list(weights),
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def compare(model, features, *, layer="f", user_spec=USER_SPEC, plain=None, axis=None):
    compare_features(
        (model, plain or build()), layer, user_spec=user_spec, pixels=PIXELS, features=features, channel_axes=(1, axis)
    )


def test_equal_features_pass_and_others_do_not():
    compare(build(), MEANS)
    with pytest.raises(BackboneError, match=r"differ by 1\.0% from those of ONNX Runtime"):
        compare(build(), MEANS * np.float32(1.01))
    with pytest.raises(BackboneError, match="from those of ONNX Runtime"):
        compare(build(), np.full_like(MEANS, np.nan))


@pytest.mark.parametrize(
    ("user_spec", "expected"),
    [
        (UserSpec(name="x", value_range=(-1.0, 1.0)), 2 * MEANS - 1),
        (UserSpec(name="x", mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4)), (MEANS - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]),
        (UserSpec(name="x", value_range=(0.0, 1.0), colour_order="BGR"), MEANS[:, ::-1]),
    ],
)
def test_the_scaling_of_pixels_is_checked(user_spec, expected):
    compare(build(), expected.astype(np.float32), user_spec=user_spec)
    with pytest.raises(BackboneError, match="from those of ONNX Runtime"):
        compare(build(), MEANS, user_spec=user_spec)


def test_a_feature_map_is_averaged():
    model = build(helper.make_node("Neg", ["x"], ["f"]))
    compare(model, -MEANS, axis=1)
    with pytest.raises(BackboneError, match="gives 3 features here and 3072 in ONNX Runtime"):
        compare(model, -MEANS)


def test_layers_after_the_features_are_left_out():
    model = build(
        helper.make_node("ReduceMean", ["x"], ["f"], axes=[2, 3], keepdims=0),
        helper.make_node("Add", ["f", "not needed"], ["end"]), inputs=("x", "not needed"),
    )  # fmt: skip
    compare(model, MEANS)


def test_the_plain_graph_is_compared_if_the_given_one_cannot_be_computed():
    strange = build(helper.make_node("NoSuchLayer", ["x"], ["f"]))
    compare(strange, MEANS)
    with pytest.raises(BackboneError, match="ONNX Runtime cannot compute its layer 'f'"):
        compare(strange, MEANS, plain=build(helper.make_node("NoSuchLayer", ["x"], ["f"])))


@pytest.mark.parametrize("kind", [np.int32, np.bool_, np.float64])
def test_weights_of_other_types_do_not_raise_the_tolerance(kind):
    model = build(weights=[numpy_helper.from_array(np.ones(3, kind), "unused")])
    with pytest.raises(BackboneError, match="from those of ONNX Runtime"):
        compare(model, MEANS * np.float32(1.005))


def test_half_precision_raises_the_tolerance():
    scale = numpy_helper.from_array(np.ones((3, 1, 1), np.float16), "scale")
    nodes = [
        helper.make_node("Mul", ["x", "scale"], ["scaled"]),
        helper.make_node("ReduceMean", ["scaled"], ["f"], axes=[2, 3], keepdims=0),
    ]
    model = build(*nodes, weights=[scale], kind=TensorProto.FLOAT16)
    compare(onnx.load_from_string(model.SerializeToString()), MEANS * np.float32(1.005))
    with pytest.raises(BackboneError, match="from those of ONNX Runtime"):
        compare(model, MEANS * np.float32(1.1))
