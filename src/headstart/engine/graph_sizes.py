"""How large the constants of an ONNX graph may become, and the values that say the sizes of other layers.

A layer that depends on no photo may be computed as soon as a library reads the file. From a few bytes such layers can
make any amount of numbers: by a shape, by repeating, or by broadcasting. So the number of their outputs is bounded here
from the inputs' numbers and values, without computing a layer. The same holds for layers that compute sizes from the
shape of another layer. The sizes of all other layers are known when the network is read (`classifier.layer_sizes`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from headstart.engine.graph_schema import Record
from headstart.engine.operators import (
    ELEMENTWISE,
    REDUCING,
    RESHAPING,
    SELECTING,
    SIZE_INPUTS,
    UNARY,
    UNFOLDING,
)
from headstart.engine.protobuf import unpack_varints
from headstart.errors import BackboneError

MAX_CONSTANT = (
    200_000_000  # numbers that all computed constants may have, besides four times the numbers of the weights
)
MAX_SIZES = 10_000  # numbers of a layer that computes sizes
MAX_RANK = 64
_FEW = 64  # values that are read
_WHOLE_TYPES = {6: "<i4", 7: "<i8"}


class Node(NamedTuple):
    """A layer: its operator, the names of its inputs and outputs, and its attributes."""

    kind: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Record]
    domain: str


class _Size(NamedTuple):
    """The largest number of numbers that a layer can have, and whether it has one axis at most."""

    n_numbers: int
    is_flat: bool


class GraphSizes:
    """The sizes of the constants of a graph, whose weights are given, and of its layers that compute sizes.

    Parameters
    ----------
    is_strict
        Whether to refuse a constant whose size is unknown.
    """

    def __init__(self, weights: Mapping[str, Record], *, is_strict: bool) -> None:
        self.constants: set[str] = set()
        self._sizes: dict[str, _Size] = {}
        self._values: dict[str, list[int]] = {}
        self._shapes: dict[str, str] = {}  # names of layers by the name of the layer that gives their shape
        self._is_strict = is_strict
        for name, tensor in weights.items():
            self._keep(name, tensor)
        self._left = MAX_CONSTANT + 4 * sum(size.n_numbers for size in self._sizes.values())

    def _keep(self, name: str, tensor: Record) -> None:
        self.constants.add(name)
        shape = read_whole_numbers(tensor.get(1, []))
        self._sizes[name] = _Size(math.prod(shape), len(shape) < 2)
        kind = _WHOLE_TYPES.get(tensor.get(2, [0])[0])
        if kind and math.prod(shape) <= _FEW:
            raw = tensor.get(9)
            stored = tensor.get(7, tensor.get(5, []))
            self._values[name] = np.frombuffer(raw[0], kind).tolist() if raw else read_whole_numbers(stored)

    def add(self, node: Node) -> None:
        """Add the next layer of the graph; raise BackboneError, with the reason alone, if it can be too large."""
        inputs = [name for name in node.inputs if name]
        if self._is_strict:
            self._check_size_inputs(node)
        if node.kind == "Constant":
            return self._add_constant(node)
        if node.kind == "Shape":
            self._shapes[node.outputs[0]] = inputs[0] if inputs else ""
            self._sizes[node.outputs[0]] = _Size(MAX_RANK, is_flat=True)
            return None
        if not all(name in self._sizes for name in inputs):
            return None
        size = self._bound(node, inputs)
        is_constant = self.constants.issuperset(inputs)
        if size is None:
            if is_constant and self._is_strict:
                raise BackboneError(f"its constant {node.outputs[0]!a} has an unknown size ({node.kind!a})")
            return None
        if not is_constant and size.n_numbers > MAX_SIZES:
            return None
        self._left -= size.n_numbers * len(node.outputs)
        if self._left < 0:
            raise BackboneError(
                f"its constant {node.outputs[0]!a} may have {size.n_numbers:,} numbers, more than the limit for a file "
                "of its size"
            )
        self._sizes |= dict.fromkeys(node.outputs, size)
        if is_constant:
            self.constants.update(node.outputs)
        return None

    def _check_size_inputs(self, node: Node) -> None:
        for place in SIZE_INPUTS.get(node.kind, ()):
            name = node.inputs[place] if place < len(node.inputs) else ""
            if name and (name not in self._sizes or self._sizes[name].n_numbers > MAX_SIZES):
                raise BackboneError(f"its layer {node.outputs[0]!a} takes its size from {name!a}, which is no shape")

    def _add_constant(self, node: Node) -> None:
        tensor = next((part[5][0] for part in node.attributes.values() if 5 in part), None)
        if tensor is not None:
            self._keep(node.outputs[0], tensor)
            return
        # the values are in the attribute itself: at most as many as its bytes
        values = [value for part in node.attributes.values() for field in (7, 8) for value in part.get(field, ())]
        n_bytes = sum(1 if isinstance(value, int) else len(value) for value in values)
        self.constants.add(node.outputs[0])
        self._sizes[node.outputs[0]] = _Size(max(1, n_bytes), is_flat=True)
        whole = [value for part in node.attributes.values() for value in part.get(8, part.get(3, ()))]
        if len(whole) <= _FEW and n_bytes <= 10 * _FEW:
            self._values[node.outputs[0]] = read_whole_numbers(whole)

    def _bound(self, node: Node, inputs: list[str]) -> _Size | None:
        """Return the largest size of an output of a layer, or None if it is unknown."""
        kind, sizes = node.kind, [self._sizes[name] for name in inputs]
        if kind in UNFOLDING:
            return self._bound_unfolded(kind, inputs)
        if not sizes:
            return None
        n_first = sizes[0].n_numbers
        if kind in RESHAPING:
            return _Size(n_first, n_first <= 1)
        if kind in UNARY or kind in SELECTING or kind in REDUCING:
            return sizes[0]
        if kind == "Concat":
            return _Size(sum(size.n_numbers for size in sizes), all(size.is_flat for size in sizes))
        if kind == "Gather" and len(sizes) > 1:
            return _Size(sizes[1].n_numbers * (1 if sizes[0].is_flat else n_first), sizes[1].is_flat)
        if kind in ELEMENTWISE:
            is_flat = all(size.is_flat for size in sizes)
            numbers = [max(1, size.n_numbers) for size in sizes]
            return _Size(max(numbers) if is_flat else math.prod(numbers), is_flat)
        return None

    def _bound_unfolded(self, kind: str, inputs: list[str]) -> _Size | None:
        values: list[Any] = [self._values.get(name) for name in inputs]
        if kind == "Range":
            if len(values) < 3 or not all(values) or not values[2][0]:
                return None
            return _Size(max(0, (values[1][0] - values[0][0]) // values[2][0] + 1), is_flat=True)
        n_before = 1 if kind == "ConstantOfShape" else self._sizes[inputs[0]].n_numbers
        of = self._shapes.get(inputs[-1])
        if of is not None:
            known = self._sizes.get(of)
            return known and _Size(n_before * known.n_numbers, known.is_flat)
        if not inputs or values[-1] is None:
            return None
        return _Size(n_before * math.prod(max(1, value) for value in values[-1]), len(values[-1]) < 2)


def read_whole_numbers(values: Sequence[int | memoryview]) -> list[int]:
    """Return the few whole numbers of a field, packed into bytes or not; raise ValueError if there are many."""
    numbers: list[int] = []
    for value in values:
        if len(numbers) > _FEW or (not isinstance(value, int) and len(value) > 10 * _FEW):
            raise ValueError("got a shape of too many axes")
        numbers += [value] if isinstance(value, int) else unpack_varints(value)
    return [number - 2**64 if number >= 2**63 else number for number in numbers]
