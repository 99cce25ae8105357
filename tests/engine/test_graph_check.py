"""An ONNX file is checked before a library reads it: what it may not have, and what may not become large."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from headstart.backbone.loading import load_backbone
from headstart.engine.graph_check import MAX_NODES, check_foreign_graph, check_graph
from headstart.errors import BackboneError

CHECKS = pytest.mark.parametrize("check", [check_graph, check_foreign_graph])
node = helper.make_node


def make_model(*nodes, weights=(), **options):
    """A network from photos ``x`` to ``y``."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, 32, 32]) for name in "xy"]
    graph = helper.make_graph(list(nodes), "plain", ends[:1], ends[1:], list(weights))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], **options)


def make_bytes(*nodes, **options):
    return make_model(*nodes, **options).SerializeToString()


def make_weights(value, name="w"):
    return numpy_helper.from_array(np.asarray(value), name)


def test_the_embedded_network_passes_and_its_weights_are_read():
    contents = check_graph(load_backbone().weights)
    assert contents.entries["licence"] == "Apache-2.0"
    assert contents.read_floats(next(name for name in contents.weights if "kernel" in name)).ndim == 4
    with pytest.raises(BackboneError, match="it has no weights 'none'"):
        contents.read_floats("none")


@CHECKS
@pytest.mark.parametrize(
    ("values", "data_type"),
    [([1.5, 2], TensorProto.FLOAT), ([1, 300], TensorProto.INT32), ([-1, 3], TensorProto.INT64),
     ([1.5, 2], TensorProto.DOUBLE), ([1, 255], TensorProto.UINT8), ([-3, 3], TensorProto.INT8)],
)  # fmt: skip
def test_weights_are_counted_in_each_way_to_store_them(check, values, data_type):
    data = make_bytes(node("Add", ["x", "w"], ["y"]), weights=[helper.make_tensor("w", data_type, [2], values)])
    check(data)
    wrong = helper.make_tensor("w", data_type, [2], values)
    wrong.dims[0] = 30_000
    with pytest.raises(BackboneError, match=r"its weights 'w' have 2 numbers for a shape of 30,000"):
        check(make_bytes(node("Add", ["x", "w"], ["y"]), weights=[wrong]))


def make_if():
    ends = [helper.make_tensor_value_info("b", TensorProto.FLOAT, None)]
    branch = helper.make_graph([node("Constant", [], ["b"], value_float=1.0)], "branch", [], ends)
    return node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)


def make_sparse():
    return helper.make_sparse_tensor(make_weights([1.0]), make_weights([0], "at"), [10**9])


def add_tensor(name="t", **fields):
    return lambda model: model.graph.initializer.append(TensorProto(name=name, **fields))


def add_node(*args, **options):
    return lambda model: model.graph.node.append(node(*args, **options))


def add_twice(model):
    model.graph.initializer.extend([make_weights([1.0], "t"), make_weights([2.0], "t")])


def add_circle(model):
    model.graph.node.extend([node("Add", ["x", "b"], ["a"]), node("Neg", ["a"], ["b"])])


def add_branches(model):
    model.graph.node.extend([node("Constant", [], ["c"], value_int=1), make_if()])


def add_entries(model):
    model.metadata_props.extend([onnx.StringStringEntryProto(key="k", value=value) for value in "ab"])


BREAKS = {
    "sparse weights": lambda model: model.graph.sparse_initializer.append(make_sparse()),
    "sparse weights, need": lambda model: add_node("Constant", [], ["c"], sparse_value=make_sparse())(model),
    "a training": lambda model: model.training_info.add(),
    "texts as weights": add_tensor(data_type=8, dims=[1], string_data=[b"text"]),
    r"no ONNX file that can be read \(got the shape \[-1\]": add_tensor(data_type=1, dims=[-1], raw_data=b"1234"),
    "an unknown type, 99": add_tensor(data_type=99, dims=[1], raw_data=b"1234"),
    "not stored as their type says": add_tensor(data_type=1, dims=[1], raw_data=b"1234", float_data=[1.0]),
    "have 1 numbers for a shape of 900,000,000": add_tensor(data_type=1, dims=[30_000, 30_000], raw_data=b"1234"),
    "two of its weights have the same name": add_twice,
    "its metadata has an entry twice": add_entries,
    "its layer 'a' comes before its input 'b'": add_circle,
    "its layer 'y' has the name of another one": add_node("Neg", ["x"], ["y"]),
    "a layer without output": add_node("Neg", ["x"], []),
    "an operator of another domain, 'com.microsoft'": add_node("Neg", ["x"], ["z"], domain="com.microsoft"),
    r"branches or loops \(If, Loop, Scan\)": add_branches,
}


@CHECKS
@pytest.mark.parametrize("reason", BREAKS)
def test_what_a_network_may_not_have_is_refused(check, reason):
    model = make_model(node("Relu", ["x"], ["y"]))
    check(model.SerializeToString())
    BREAKS[reason](model)
    with pytest.raises(BackboneError, match=reason):
        check(model.SerializeToString())


def test_only_networks_of_others_may_have_other_operators_functions_and_files_of_weights():
    odd = make_model(node("NoSuchLayer", ["x"], ["y"]))
    function = helper.make_function("own", "Pool", ["a"], ["b"], [node("Neg", ["a"], ["b"])], odd.opset_import)
    external = make_weights([1.0])
    external.ClearField("raw_data")
    external.data_location = TensorProto.EXTERNAL
    external.external_data.add(key="location", value="/etc/passwd")
    files = make_model(node("Add", ["x", "w"], ["y"]), weights=[external])
    functions = make_model(node("Pool", ["x"], ["y"], domain="own"), functions=[function])
    cases = ((odd, "not on the list, 'NoSuchLayer'"), (functions, "has functions"), (files, "weights in another file"))
    for model, reason in cases:
        check_foreign_graph(model.SerializeToString())
        with pytest.raises(BackboneError, match=reason):
            check_graph(model.SerializeToString())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_of_ours_are_finite(value):
    weights = [make_weights(np.array([1, value], np.float32))]
    with pytest.raises(BackboneError, match="its weights 'w' have NaN or infinity"):
        check_graph(make_bytes(node("Add", ["x", "w"], ["y"]), weights=weights))
    check_graph(make_bytes(node("Max", ["x", "w"], ["y"]), weights=[make_weights(np.float32(-np.inf))]))


@CHECKS
def test_long_chains_are_refused_at_once(check):
    names = ["x", *(f"layer_{i}" for i in range(MAX_NODES)), "y"]
    data = make_bytes(*(node("Relu", [a], [b]) for a, b in pairwise(names)))
    began = time.process_time()
    with pytest.raises(BackboneError, match="it has more than 10,000 layers"):
        check(data)
    assert time.process_time() - began < 10


def test_functions_that_unfold_or_call_themselves_are_refused():
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]

    def make_function(name, *called):
        names = ["a", *(f"t{i}" for i in range(len(called) - 1)), "b"]
        inside = [
            node(kind, [a], [b], domain="" if kind == "Neg" else "own")
            for kind, (a, b) in zip(called, pairwise(names), strict=True)
        ]
        return helper.make_function("own", name, ["a"], ["b"], inside, opsets)

    bomb = [make_function("f0", "Neg", "Neg"), *(make_function(f"f{i}", *[f"f{i - 1}"] * 2) for i in range(1, 40))]
    with pytest.raises(BackboneError, match="more than 10,000 layers"):
        check_foreign_graph(make_bytes(node("f39", ["x"], ["y"], domain="own"), functions=bomb))
    check_foreign_graph(make_bytes(node("f5", ["x"], ["y"], domain="own"), functions=bomb[:6]))
    for circle in ([make_function("f", "f")], [make_function("f", "g"), make_function("g", "f")]):
        with pytest.raises(BackboneError, match="its function 'f' calls itself"):
            check_foreign_graph(make_bytes(node("f", ["x"], ["y"], domain="own"), functions=circle))


@CHECKS
@pytest.mark.parametrize("damage", [lambda data: data[:-3], lambda data: data + b"\x07", lambda _: b"no network"])
def test_damaged_files_are_refused_in_a_sentence(check, damage):
    with pytest.raises(BackboneError, match=r"it is no ONNX|it has an unknown field"):
        check(damage(make_bytes(node("Relu", ["x"], ["y"]))))


@CHECKS
def test_names_that_are_no_text_and_second_graphs_are_refused(check):
    data = make_bytes(node("Relu", ["x"], ["y"]))
    for wrong in (data.replace(b"Relu", b"\xff\xfe\xfd\xfc"), data + data):
        with pytest.raises(BackboneError, match="it is no ONNX file that can be read"):
            check(wrong)
