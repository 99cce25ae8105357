"""Constants that a file of few bytes unfolds, and layers that compute sizes, are bounded without computing them."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from headstart.engine.graph_check import check_foreign_graph, check_graph
from headstart.errors import BackboneError

CHECKS = pytest.mark.parametrize("check", [check_graph, check_foreign_graph])
node = helper.make_node


def make_bytes(*nodes, **weights):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, 32, 32]) for name in "xy"]
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    last = node("Relu", ["x"], ["y"])
    graph = helper.make_graph([*nodes, last], "plain", ends[:1], ends[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()


def unfold(kind, n):
    """Layers that make n times n numbers from few."""
    column, ones = np.ones((n, 1), np.float32), np.ones(1, np.float32)
    return {
        "ConstantOfShape": ([node("ConstantOfShape", ["s"], ["c"])], {"s": [n, n]}),
        "value of a constant": (
            [node("Constant", [], ["s"], value_ints=[n, n]), node("ConstantOfShape", ["s"], ["c"])], {},
        ),
        "Expand": ([node("Expand", ["w", "s"], ["c"])], {"w": ones, "s": [n, n]}),
        "Tile": ([node("Tile", ["w", "s"], ["c"])], {"w": ones, "s": [n * n]}),
        "Range": ([node("Range", ["a", "b", "d"], ["c"])], {"a": 0, "b": n * n, "d": 1}),
        "broadcasting": ([node("Add", ["w", "v"], ["c"])], {"w": column, "v": column.T}),
        "repeated": ([node("Tile", ["w", "s"], ["t"]), node("Tile", ["t", "s"], ["c"])], {"w": ones, "s": [n]}),
        "doubling": (
            [node("Concat", [f"c{i}"] * 2, [f"c{i + 1}"], axis=0) for i in range(2 * int(np.log2(n)))], {"c0": ones},
        ),
    }[kind]  # fmt: skip


KINDS = pytest.mark.parametrize(
    "kind",
    ["ConstantOfShape", "value of a constant", "Expand", "Tile", "Range", "broadcasting", "repeated", "doubling"],
)


@CHECKS
@KINDS
def test_constants_that_become_large_are_refused_and_small_ones_are_not(check, kind):
    nodes, weights = unfold(kind, 100)
    check(make_bytes(*nodes, **weights))
    nodes, weights = unfold(kind, 30_000)
    with pytest.raises(BackboneError, match=r"its constant .* may have [\d,]+ numbers"):
        check(make_bytes(*nodes, **weights))


def test_many_constants_that_are_large_together_are_refused():
    nodes = [node("ConstantOfShape", ["s"], [f"c{i}"]) for i in range(300)]
    with pytest.raises(BackboneError, match="more than the limit"):
        check_graph(make_bytes(*nodes, s=[1000, 1000]))


def test_a_constant_of_unknown_size_is_refused_in_files_of_ours_only():
    data = make_bytes(node("MatMul", ["w", "v"], ["c"]), w=np.ones((9, 1), np.float32), v=np.ones((1, 9), np.float32))
    check_foreign_graph(data)
    with pytest.raises(BackboneError, match=r"its constant 'c' has an unknown size \('MatMul'\)"):
        check_graph(data)


def test_sizes_may_be_computed_from_shapes_as_exporters_do():
    """The token of a vision transformer is expanded to the number of photos."""
    check_graph(
        make_bytes(
            node("Shape", ["x"], ["shape"]), node("Gather", ["shape", "first"], ["n"], axis=0),
            node("Unsqueeze", ["n", "axes"], ["n1"]), node("Concat", ["n1", "rest"], ["sizes"], axis=0),
            node("Shape", ["sizes"], ["length"]), node("ConstantOfShape", ["length"], ["ones"]),
            node("Mul", ["ones", "minus"], ["negative"]), node("Equal", ["sizes", "negative"], ["is_free"]),
            node("Where", ["is_free", "ones", "sizes"], ["target"]), node("Expand", ["token", "target"], ["c"]),
            first=0, axes=[0], rest=[-1, 8], minus=-1, token=np.ones((1, 1, 8), np.float32),
        )
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["Expand", "ReduceMax"])
def test_sizes_from_large_layers_or_pixels_are_refused(kind):
    if kind == "Expand":  # a size from a layer that is unfolded, as soon as the network is read
        nodes = [
            node("Shape", ["x"], ["s"]), node("Mul", ["s", "many"], ["m"]), node("Expand", ["one", "m"], ["large"]),
            node("ReduceMax", ["large"], ["most"], keepdims=1), node("Reshape", ["x", "most"], ["c"]),
        ]  # fmt: skip
    else:
        nodes = [node("ReduceMax", ["x"], ["most"]), node("ConstantOfShape", ["most"], ["c"])]
    with pytest.raises(BackboneError, match="its layer 'c' takes its size from 'most', which is no shape"):
        check_graph(make_bytes(*nodes, many=10**6, one=1))
