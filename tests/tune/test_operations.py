"""Every operation computes in torch what it computes in ONNX Runtime."""

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from headstart.errors import BackboneError
from headstart.tune.graph import Graph, Node, read_graph
from headstart.tune.network import Tail
from headstart.tune.operations import KNOWN, make_operation

X = np.random.default_rng(0).normal(0, 3, (2, 4, 9, 9)).astype(np.float32)
CASES = [
    ("Relu", {}, []),
    ("Sigmoid", {}, []),
    ("Tanh", {}, []),
    ("HardSwish", {}, []),
    ("HardSigmoid", {}, []),
    ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}, []),
    ("LeakyRelu", {"alpha": 0.1}, []),
    ("Elu", {"alpha": 0.5}, []),
    ("Gelu", {}, []),
    ("Gelu", {"approximate": "tanh"}, []),
    ("Mish", {}, []),
    ("Softplus", {}, []),
    ("Erf", {}, []),
    ("Exp", {}, []),
    ("Neg", {}, []),
    ("Identity", {}, []),
    ("Dropout", {}, []),
    ("Clip", {}, [np.float32(0), np.float32(6)]),
    ("Clip", {}, [np.float32(-1)]),
    ("Add", {}, [np.float32([[[1]], [[2]], [[3]], [[4]]])]),
    ("Sub", {}, [np.float32(2)]),
    ("Mul", {}, [np.float32(3)]),
    ("Div", {}, [np.float32(3)]),
    ("Sum", {}, [np.ones((4, 1, 1), np.float32), np.float32(5)]),
    ("GlobalAveragePool", {}, []),
    ("GlobalMaxPool", {}, []),
    ("ReduceMean", {"axes": [2, 3], "keepdims": 0}, []),
    ("ReduceMean", {"axes": [-1]}, []),
    ("MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}, []),
    ("MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 0, 1, 1]}, []),
    ("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}, []),
    ("AveragePool", {"kernel_shape": [3, 3], "strides": [1, 2], "pads": [1, 1, 1, 1]}, []),
    ("AveragePool", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}, []),
    ("Pad", {}, [np.array([0, 0, 1, 2, 0, 0, 3, 4]), np.float32(0.5)]),
    ("Pad", {}, [np.array([0, 0, 1, 0, 0, 0, 0, 0])]),
    ("Reshape", {}, [np.array([0, 2, -1])]),
    ("Flatten", {"axis": 1}, []),
    ("Transpose", {"perm": [0, 2, 3, 1]}, []),
    ("Gather", {"axis": 1}, [np.array([2, 0])]),
    ("Cast", {"to": 1}, []),
    ("Conv", {"pads": [0, 1, 2, 1], "strides": [2, 1]}, [np.float32(np.ones((3, 4, 3, 3)))]),
    ("Conv", {"dilations": [2, 2], "group": 2}, [np.float32(np.ones((2, 2, 3, 3))), np.float32([1, 2])]),
    ("Conv", {"auto_pad": "SAME_UPPER", "strides": [2, 2]}, [np.float32(np.ones((3, 4, 3, 3)))]),
]


def build(kind, attributes, constants):
    names = [f"constant_{i}" for i in range(len(constants))]
    graph = helper.make_graph(
        [helper.make_node(kind, ["x", *names], ["y"], **attributes)], "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for value, name in zip(constants, names, strict=True)],
    )  # fmt: skip
    opset = helper.make_opsetid("", 20 if kind in ("Gelu", "Mish") else 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=9).SerializeToString()


@pytest.mark.parametrize(("kind", "attributes", "constants"), CASES, ids=lambda value: str(value)[:40])
def test_an_operation_computes_the_same_as_in_the_runtime(kind, attributes, constants):
    data = build(kind, attributes, constants)
    expected = onnxruntime.InferenceSession(data).run(None, {"x": X})[0]
    with torch.no_grad():
        ours = Tail(read_graph(data), "x", "y").eval()(torch.from_numpy(X)).numpy()
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)


def test_every_known_operation_has_a_case():
    assert {kind for kind, *_ in CASES} | {"Concat"} >= KNOWN


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (Node("MaxPool", ("x",), "y", {"kernel_shape": [2, 2], "auto_pad": b"SAME_LOWER"}), "unknown padding"),
        (Node("AveragePool", ("x",), "y", {"kernel_shape": [2, 2], "pads": [0, 0, 1, 1]}), "unknown padding"),
        (Node("Pad", ("x",), "y", {"pads": [0, 1, 0, 0, 0, 0, 0, 0]}), "unknown padding"),
        (Node("Reshape", ("x", "shape"), "y", {}), "settings that depend on the photo"),
        (Node("Clip", ("x", "low"), "y", {}), "bounds that depend on the photo"),
        (Node("Cast", ("x",), "y", {"to": 7}), "another type than float32"),
        (Node("Selu", ("x",), "y", {}), "unknown kind"),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_an_operation_without_a_torch_counterpart_is_refused_by_name(node, message):
    with pytest.raises(BackboneError, match=rf"layer 'y' \({node.kind}\) .*{message}"):
        make_operation(node, {})


def test_clip_accepts_a_missing_bound():
    node = Node("Clip", ("x", "", "high"), "y", {})
    tail = Tail(Graph((node,), {"high": np.float32(1)}), "x", "y")
    torch.testing.assert_close(tail(torch.tensor([-9.0, 0.5, 2.0])), torch.tensor([-9.0, 0.5, 1.0]))


def test_a_convolution_with_computed_weights_is_refused():
    graph = Graph((Node("Sigmoid", ("x",), "k", {}), Node("Conv", ("x", "k"), "y", {})), {})
    with pytest.raises(BackboneError, match="got a computed kernel in layer 'y'"):
        Tail(graph, "x", "y")
