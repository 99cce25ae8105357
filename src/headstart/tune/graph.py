"""The graph of an ONNX file: its nodes and weights by name, to build the trainable network and to write it back.

The trainable network is built from the file that the engine runs, so no second definition of it can differ.
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
    """One operation of a graph.

    Attributes
    ----------
    kind
        ONNX operator.
    inputs
        Names of the layers and weights that it reads.
    output
        Name of the layer that it computes.
    attributes
        Settings by name, as Python values.
    """

    kind: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Graph:
    """Nodes in the order of computation, and weights by name."""

    nodes: tuple[Node, ...]
    weights: dict[str, npt.NDArray[Any]]

    def take_between(self, below: str, above: str) -> tuple[Node, ...]:
        """Return the nodes that compute the output of layer ``above`` from that of layer ``below``.

        Raises
        ------
        BackboneError
            If ``above`` needs more than ``below`` and weights.
        """
        needed, chosen = {above}, []
        for node in reversed(self.nodes):
            if node.output in needed and node.output != below:
                chosen.append(node)
                needed |= set(node.inputs) - set(self.weights) - {""}  # "" stands for an omitted optional input
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
        for output in node.output  # no supported operator has a second output that is used
    ]  # fmt: skip
    return Graph(tuple(nodes), {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer})


def replace_weights(network: bytes, weights: Mapping[str, npt.NDArray[np.float32]]) -> bytes:
    """Return an ONNX model with new values in some of its weights. The same values give the same bytes.

    Raises
    ------
    BackboneError
        If the model has no weights of a given name and shape.
    """
    model = onnx.load_from_string(network)
    left = dict(weights)
    for tensor in model.graph.initializer:
        if tensor.name in left:
            value = left.pop(tensor.name)
            if value.shape != tuple(tensor.dims):
                shapes = f"got shape {value.shape}, need {tuple(tensor.dims)}"
                raise BackboneError(f"Cannot replace weights {tensor.name!r}: {shapes}.")
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), tensor.name))
    if left:
        raise BackboneError(f"Cannot replace weights: the network has none named {', '.join(sorted(left))}.")
    data: bytes = model.SerializeToString(deterministic=True)
    return data
