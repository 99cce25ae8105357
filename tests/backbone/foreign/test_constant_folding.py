"""Layers that depend on no photo are replaced by their output; all others stay."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from headstart.backbone.foreign.constant_folding import fold_constants


def build(nodes, weights):
    graph = helper.make_graph(
        nodes, "one", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def fold(nodes, **weights):
    model = build(nodes, weights)
    fold_constants(model)
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    return [node.op_type for node in model.graph.node], known


def test_shapes_and_constants_are_folded():
    nodes = [
        helper.make_node("Constant", [], ["three"], value=numpy_helper.from_array(np.array([3.0], np.float32))),
        helper.make_node("ConstantOfShape", ["shape"], ["zeros"]),
        helper.make_node("Add", ["zeros", "three"], ["threes"]),
        helper.make_node("Add", ["x", "threes"], ["y"]),
    ]
    kinds, known = fold(nodes, shape=np.array([1, 4]))
    assert kinds == ["Add"]
    np.testing.assert_array_equal(known["threes"], np.full((1, 4), 3, np.float32))


def test_a_cast_of_large_weights_is_folded():
    large = np.ones((300, 300), np.float16)
    kinds, known = fold([helper.make_node("Cast", ["w"], ["y"], to=TensorProto.FLOAT)], w=large)
    assert kinds == []
    assert known["y"].dtype == np.float32


def test_large_unknown_and_failing_layers_are_left_to_the_engine():
    large = np.ones((300, 300), np.float32)
    for node, weights in (
        (helper.make_node("Add", ["w", "w"], ["y"]), {"w": large}),
        (helper.make_node("RandomNormal", [], ["y"], shape=[2]), {}),
        (helper.make_node("ConstantOfShape", ["w"], ["y"]), {"w": np.array([300, 300])}),
        (helper.make_node("Reshape", ["w", "s"], ["y"]), {"w": np.ones(3, np.float32), "s": np.array([2])}),
    ):
        assert fold([node], **weights)[0] == [node.op_type]
