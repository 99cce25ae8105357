"""The network as its ONNX file has it: nodes and weights by name, read for training and written back.

The trainable network is made from the very file that the engine runs, so there is no second definition of it that
could differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from headstart.errors import BackboneError


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    Attributes
    ----------
    inputs
        Names of layers, and of weights.
    output
        The layer's name.
    attributes
        By name, as Python values.
    """

    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which they compute, and their weights by name."""

    nodes: tuple[Node, ...]
    weights: dict[str, npt.NDArray[Any]]

    def take_between(self, below: str, above: str) -> tuple[Node, ...]:
        """Return what must be computed to get from the output of layer ``below`` to that of layer ``above``.

        Raises
        ------
        BackboneError
            If ``above`` does not follow from ``below`` and the weights alone.
        """
        needed, chosen = {above}, []
        for node in reversed(self.nodes):
            if node.output in needed and node.output != below:
                chosen.append(node)
                needed |= set(node.inputs) - set(self.weights) - {""}  # an input that is left out
                needed.discard(node.output)
        if needed != {below}:
            raise BackboneError(
                f"Cannot cut the network at {below!r}: {above!r} does not follow from it alone. Choose another cut."
            )
        return tuple(reversed(chosen))


def read_graph(network: bytes) -> Graph:
    """Read an ONNX model (10 ms)."""
    graph = onnx.load_from_string(network).graph
    nodes = [
        Node(
            node.op_type, tuple(node.input), output,
            {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute},
        )
        for node in graph.node
        for output in node.output  # none of the kinds that are known has a second one that is used
    ]  # fmt: skip
    return Graph(tuple(nodes), {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer})


def replace_weights(network: bytes, weights: Mapping[str, npt.NDArray[np.float32]]) -> bytes:
    """Return an ONNX model with other numbers in some of its weights; with the same numbers, the same bytes.

    Raises
    ------
    BackboneError
        If it has no weights of such a name and shape.
    """
    model = onnx.load_from_string(network)
    left = dict(weights)
    for tensor in model.graph.initializer:
        if tensor.name in left:
            value = left.pop(tensor.name)
            if value.shape != tuple(tensor.dims):
                raise BackboneError(
                    f"Cannot replace weights {tensor.name!r}: got shape {value.shape}, need {tuple(tensor.dims)}."
                )
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), tensor.name))
    if left:
        raise BackboneError(f"Cannot replace weights: the network has none named {', '.join(sorted(left))}.")
    data: bytes = model.SerializeToString(deterministic=True)
    return data
