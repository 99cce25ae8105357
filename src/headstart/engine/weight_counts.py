"""Count the weights of each part of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from headstart.engine.graph_check import count_numbers
from headstart.engine.graph_schema import SCHEMA, MessageReader, Record

_WHOLE = 7  # TensorProto.DataType of int64: shapes and axes, which are no weights
_STATISTICS = slice(3, 5)  # inputs of a batch norm: mean and variance, which no gradient changes
_SCALES = {"QuantizeLinear", "DequantizeLinear"}  # all inputs but the first say how numbers are rounded


class WeightCount(NamedTuple):
    """Number of weights of a part, and how many of them are means and variances of batch norms."""

    n_weights: int
    n_statistics: int


def count_weights(network: bytes, layers: Sequence[str], *, skipped: str | None = None) -> list[WeightCount | None]:
    """Count the weights of a network that lead to each of some layers, and not to an earlier one (about 10 ms).

    Parameters
    ----------
    network
        A checked ONNX file.
    layers
        Names of layers, from the input of the network to its output.
    skipped
        Beginning of the names of weights that are not learned, and not counted.

    Returns
    -------
    A count for each layer, or None if the network has no layer of this name: its weights count for the next one.
    Single numbers, such as the limits of a layer, are no weights.
    """
    graph = MessageReader(SCHEMA).read(network)[7][0]
    tensors = {tensor[8][0]: tensor for tensor in graph.get(5, ())}
    if skipped is not None:
        tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith(skipped)}
    makers = {output: node for node in graph[1] for output in node[2]}
    counted: set[str] = set()
    return [_count_above(layer, makers, tensors, counted) if layer in makers else None for layer in layers]


def _count_above(layer: str, makers: dict[str, Record], tensors: dict[str, Record], counted: set[str]) -> WeightCount:
    """Count what leads to a layer, without what is ``counted`` already; add to ``counted``."""
    n_weights = n_statistics = 0
    waiting = [layer]
    while waiting:
        name = waiting.pop()
        if name in counted or name not in makers:
            continue
        node = makers[name]
        counted.update(node[2])
        inputs, kind = node.get(1, []), node.get(4, [""])[0]
        waiting += inputs
        weights = inputs[:1] if kind in _SCALES else inputs
        statistics = inputs[_STATISTICS] if kind == "BatchNormalization" else []
        for weight in weights:
            if weight in tensors and weight not in counted and tensors[weight].get(2, [0])[0] != _WHOLE:
                counted.add(weight)
                n_numbers = count_numbers(tensors[weight])
                n_weights += n_numbers if n_numbers > 1 else 0
                n_statistics += n_numbers if n_numbers > 1 and weight in statistics else 0
    return WeightCount(n_weights, n_statistics)
