"""ONNX files are read and written as the onnx package reads and writes them."""

import numpy as np
import onnx
from onnx import helper, numpy_helper

from headstart.backbone import graph_file
from headstart.backbone.loading import load_backbone


def test_a_file_that_is_taken_apart_and_joined_has_the_same_graph():
    weights = load_backbone().weights
    file = graph_file.take_apart(weights)
    graph = file.trunk + graph_file.make_name("again") + graph_file.make_signature("features", 1280)
    joined = file.join(graph, file.entries)
    before, after = onnx.load_from_string(weights), onnx.load_from_string(joined)
    onnx.checker.check_model(after, full_check=True)
    assert list(before.graph.node) == list(after.graph.node)
    assert list(before.graph.initializer) == list(after.graph.initializer)
    assert list(before.metadata_props) == list(after.metadata_props)
    assert before.graph.output == after.graph.output


def test_nodes_and_tensors_are_read_by_the_onnx_package():
    data = graph_file.make_node("Slice", ["x", "a"], "y", axes=[1, 2], keepdims=0)
    data += graph_file.make_tensor("a", np.array([-1, np.iinfo(np.int64).min]))
    data += graph_file.make_tensor("b", np.arange(6, dtype=np.float32).reshape(2, 3))
    graph = onnx.GraphProto.FromString(data)
    node = graph.node[0]
    assert (node.op_type, list(node.input), list(node.output), node.name) == ("Slice", ["x", "a"], ["y"], "y")
    assert {a.name: helper.get_attribute_value(a) for a in node.attribute} == {"axes": [1, 2], "keepdims": 0}
    whole, real = map(numpy_helper.to_array, graph.initializer)
    np.testing.assert_array_equal(whole, [-1, np.iinfo(np.int64).min])
    np.testing.assert_array_equal(real, np.arange(6).reshape(2, 3))


def test_layers_are_renamed_and_weights_are_not():
    trunk = graph_file.make_node("Relu", ["x"], "y") + graph_file.make_node("Add", ["y", "x"], "z")
    trunk += graph_file.make_tensor("y", np.zeros(1))
    renamed = graph_file.rename_layers(trunk, {"y": "why", "x": "ex"})
    assert graph_file.list_nodes(renamed) == [("Relu", ["ex"], "why"), ("Add", ["why", "ex"], "z")]
    assert onnx.GraphProto.FromString(renamed).node[0].name == "why"


def test_weights_are_read_by_name_and_unknown_names_are_left_out():
    trunk = graph_file.take_apart(load_backbone().weights).trunk
    found = graph_file.read_vectors(trunk, ["bn_Conv1/mean", "nothing"])
    (expected,) = [
        numpy_helper.to_array(tensor)
        for tensor in onnx.load_from_string(load_backbone().weights).graph.initializer
        if tensor.name == "bn_Conv1/mean"
    ]
    assert list(found) == ["bn_Conv1/mean"]
    np.testing.assert_array_equal(found["bn_Conv1/mean"], expected)


def test_cut_out_keeps_a_layer_of_which_only_the_second_output_is_used():
    nodes = [
        helper.make_node("Split", ["x"], ["low", "high"], axis=1),
        helper.make_node("Relu", ["high"], ["y"]),
        helper.make_node("Relu", ["low"], ["z"]),
    ]
    graph = helper.make_graph(
        nodes,
        "halves",
        [helper.make_tensor_value_info("x", 1, [1, 4])],
        [helper.make_tensor_value_info("y", 1, [1, 2])],
    )
    trunk = graph_file.take_apart(helper.make_model(graph).SerializeToString()).trunk
    assert [kind for kind, *_ in graph_file.list_nodes(graph_file.cut_out(trunk, "x", "y"))] == ["Split", "Relu"]
