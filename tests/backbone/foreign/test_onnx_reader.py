"""An ONNX file of another library becomes a plain float32 graph, and the given graph stays as it is."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from headstart.backbone.foreign.onnx_reader import MAX_NUMBERS, read_network, refuse_large_layer
from headstart.backbone.loading import load_backbone
from headstart.errors import BackboneError, MissingExtraError

OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]


@pytest.fixture
def write(tmp_path):
    def write(*nodes, weights=(), kind=TensorProto.FLOAT, functions=()):
        graph = helper.make_graph(
            nodes, "given", [helper.make_tensor_value_info("x", kind, ["n", 3, 32, 32])],
            [helper.make_tensor_value_info("y", kind, None)], list(weights),
        )  # fmt: skip
        path = tmp_path / "given.onnx"
        onnx.save(helper.make_model(graph, opset_imports=OPSETS, ir_version=8, functions=functions), path)
        return path

    return write


def test_functions_are_inlined_and_the_given_graph_stays(write, tmp_path):
    inside = [
        helper.make_node("Neg", ["a"], ["n"]),
        helper.make_node("ReduceMean", ["n"], ["b"], axes=[2, 3]),
        helper.make_node("Flatten", ["b"], ["c"]),
    ]
    function = helper.make_function("own", "Pool", ["a"], ["c"], inside, OPSETS[:1])
    path = write(helper.make_node("Pool", ["x"], ["y"], domain="own"), functions=[function])
    given, plain = read_network(path, None)
    assert [node.op_type for node in given.graph.node] == ["Pool"]
    assert [node.op_type for node in plain.graph.node] == ["Neg", "ReduceMean", "Flatten"]
    # the given graph has no layer of this name: the plain one is compared
    path.with_suffix(".toml").write_text(f"value_range = [0, 1]\nfeatures = '{plain.graph.node[1].output[0]}'\n")
    assert load_backbone(str(path)).spec.n_features == 3


@pytest.mark.parametrize("kind", [np.float16, np.float64])
def test_everything_becomes_float32(write, kind):
    data_type = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    constant = helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.ones(1, kind)))
    nodes = [constant, helper.make_node("Mul", ["x", "w"], ["m"]), helper.make_node("Add", ["m", "c"], ["y"])]
    path = write(*nodes, weights=[numpy_helper.from_array(np.ones(1, kind), "w")], kind=data_type)
    given, plain = read_network(path, None)
    assert {tensor.data_type for tensor in plain.graph.initializer} == {TensorProto.FLOAT}
    assert plain.graph.input[0].type.tensor_type.elem_type == TensorProto.FLOAT
    assert given.graph.input[0].type.tensor_type.elem_type == data_type


def test_omitted_inputs_at_the_end_are_dropped(write):
    low = numpy_helper.from_array(np.float32(0), "low")
    _, plain = read_network(write(helper.make_node("Clip", ["x", "low", ""], ["y"]), weights=[low]), None)
    assert list(plain.graph.node[0].input) == ["x", "low"]


def test_a_file_with_another_hash_than_in_the_toml_is_refused(write):
    with pytest.raises(BackboneError, match=r"its SHA-256 is .*, and the TOML has 000000000000\.\.\."):
        read_network(write(helper.make_node("Neg", ["x"], ["y"])), "0" * 64)


def test_large_outputs_are_refused_and_unknown_sizes_are_not():
    refuse_large_layer("x", [0, 3, MAX_NUMBERS // 3])
    with pytest.raises(BackboneError, match="its layer 'x' makes 2 x 200000000 numbers"):
        refuse_large_layer("x", [2, MAX_NUMBERS])


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_is_named(write, monkeypatch, package):
    path = write(helper.make_node("Neg", ["x"], ["y"]))
    monkeypatch.setattr("headstart.process.packages.is_installed", lambda name: name != package)
    with pytest.raises(MissingExtraError, match=rf"as a backbone: got no package '{package}', .* 'headstart\[onnx\]'"):
        read_network(path, None)
