"""Check an ONNX file before any library reads it: its layers, weights and constants, and the work that they may cause.

An ONNX file is a program for the library that runs it. It can read other files, unfold a few bytes into gigabytes of
constants, or have so many layers that a library never finishes reading it. This check only reads the bytes; it
computes nothing. A classifier of 9 MB takes about 20 ms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.engine.graph_schema import FOREIGN_SCHEMA, SCHEMA, MessageReader, Record
from headstart.engine.graph_sizes import GraphSizes, Node, read_whole_numbers
from headstart.engine.operators import OPERATORS
from headstart.errors import BackboneError

MAX_NODES = 10_000  # also after functions are put in; networks for photos have 100 to 3,000
MAX_ENTRIES = 1_000  # of metadata
DOMAINS = ("", "ai.onnx")  # of the standard operators
_FLOAT = 1
# bytes of a number of each type, and the field that may hold such numbers instead of raw bytes (onnx.proto3)
_TYPES = {
    1: (4, 4), 2: (1, 5), 3: (1, 5), 4: (2, 5), 5: (2, 5), 6: (4, 5), 7: (8, 7), 9: (1, 5), 10: (2, 5), 11: (8, 10),
    12: (4, 11), 13: (8, 11), 16: (2, 5),
}  # fmt: skip
_FIXED_BYTES = {4: 4, 10: 8}  # of a number in these fields; in the others each number is a varint


@dataclass(frozen=True)
class GraphContents:
    """The metadata of a checked ONNX file, and its weights by name."""

    entries: dict[str, str]
    weights: dict[str, Record]

    def read_floats(self, name: str) -> npt.NDArray[np.float32]:
        """Return the weights of this name; raise BackboneError, with the reason alone, if they are no raw floats."""
        tensor = self.weights.get(name, {})
        if _get(tensor, 2, 0) != _FLOAT or not tensor.get(9):
            raise BackboneError(f"it has no weights {name!a}")
        return np.frombuffer(tensor[9][0], "<f4").reshape(read_whole_numbers(tensor.get(1, []))).astype(np.float32)


def check_graph(network: bytes) -> GraphContents:
    """Check the ONNX file of a backbone or a classifier that this project wrote, and return what is in it.

    It may have the standard operators of a list, with all weights inside; each weight must have as many numbers as its
    shape says, and they must be finite. Raise BackboneError, with the reason alone, if it has anything else.
    """
    return _check(network, is_foreign=False)


def check_foreign_graph(network: bytes) -> None:
    """Check the ONNX file of another library: as `check_graph`, but with any standard operator.

    Functions and weights in files beside it are allowed, too.
    """
    _check(network, is_foreign=True)


def _check(network: bytes, *, is_foreign: bool) -> GraphContents:
    try:
        return _check_model(network, is_foreign)
    except (ValueError, OverflowError) as error:  # UnicodeDecodeError is a ValueError
        raise BackboneError(f"it is no ONNX file that can be read ({ascii(str(error))[1:-1]:.80})") from None


def _check_model(network: bytes, is_foreign: bool) -> GraphContents:
    model = MessageReader(FOREIGN_SCHEMA if is_foreign else SCHEMA).read(network)
    if 7 not in model or not model[7][0].get(1) or not model[7][0].get(12):
        raise BackboneError("it is no ONNX network: it has no layers")
    entries = {_get(entry, 1, ""): _get(entry, 2, "") for entry in model.get(14, ())}
    if not len(entries) == len(model.get(14, ())) <= MAX_ENTRIES:
        raise BackboneError(f"its metadata has an entry twice, or more than {MAX_ENTRIES:,}")
    graph = model[7][0]
    functions = {_name_function(function): function for function in model.get(25, ())}
    _check_number(graph, functions)
    for tensor in graph.get(5, ()):
        _check_tensor(tensor, is_foreign)
    weights = {_get(tensor, 8, ""): tensor for tensor in graph.get(5, ())}
    if len(weights) < len(graph.get(5, ())):
        raise BackboneError("two of its weights have the same name")
    sizes = GraphSizes(weights, is_strict=not is_foreign)
    known = {"", *(part[1][0] for part in graph.get(11, ()) if 1 in part), *sizes.constants}
    for record in graph[1]:
        node = _read_node(record, is_foreign)
        if (node.domain, node.kind) not in functions:
            _check_operator(node, is_foreign)
        _check_order(node, known)
        sizes.add(node)
    for function in functions.values():
        for record in function.get(7, ()):
            _read_node(record, is_foreign)
    return GraphContents(entries, weights)


def _name_function(function: Record) -> tuple[str, str]:
    return _get(function, 10, ""), _get(function, 1, "")


def _get(record: Record, number: int, default: Any) -> Any:
    return record.get(number, [default])[0]


def _check_number(graph: Record, functions: dict[tuple[str, str], Record]) -> None:
    """Count the layers after functions are put in: a function may call others, each several times."""
    counts: dict[tuple[str, str], int] = {}

    def count(part: Record, calling: tuple[tuple[str, str], ...]) -> int:
        total = 0
        for node in part.get(1 if part is graph else 7, ()):
            name = (_get(node, 7, ""), _get(node, 4, ""))
            if name in calling or len(calling) > 100:
                raise BackboneError(f"its function {name[1]!a} calls itself")
            if name in functions and name not in counts:
                counts[name] = count(functions[name], (*calling, name))
            total += counts.get(name, 1)
            if total > MAX_NODES:
                raise BackboneError(f"it has more than {MAX_NODES:,} layers")
        return total

    count(graph, ())


def _read_node(record: Record, is_foreign: bool) -> Node:
    if not record.get(2):
        raise BackboneError("it has a layer without output")
    attributes: dict[str, Record] = {}
    for attribute in record.get(5, ()):
        if 5 in attribute:
            _check_tensor(attribute[5][0], is_foreign)
        attributes[_get(attribute, 1, "")] = attribute
    return Node(_get(record, 4, ""), record.get(1, []), record[2], attributes, _get(record, 7, ""))


def _check_operator(node: Node, is_foreign: bool) -> None:
    if node.domain not in DOMAINS:
        raise BackboneError(f"its layer {node.outputs[0]!a} has an operator of another domain, {node.domain!a}")
    if not is_foreign and node.kind not in OPERATORS:
        raise BackboneError(f"its layer {node.outputs[0]!a} has an operator that is not on the list, {node.kind!a}")


def _check_order(node: Node, known: set[str]) -> None:
    """Check that a layer comes after its inputs. So no circle can be in the graph."""
    if unknown := set(node.inputs) - known:
        raise BackboneError(f"its layer {node.outputs[0]!a} comes before its input {min(unknown)!a}")
    outputs = [name for name in node.outputs if name]
    if len(set(outputs)) < len(outputs) or not known.isdisjoint(outputs):
        raise BackboneError(f"its layer {node.outputs[0]!a} has the name of another one")
    known.update(outputs)


def _check_tensor(tensor: Record, is_foreign: bool) -> None:
    """Check that a tensor has as many numbers as its shape says."""
    name = _get(tensor, 8, "")
    n_numbers = count_numbers(tensor)
    data_type = _get(tensor, 2, 0)
    if data_type not in _TYPES:
        raise BackboneError(f"its weights {name!a} are of an unknown type, {data_type}")
    n_bytes, field = _TYPES[data_type]
    if 13 in tensor or _get(tensor, 14, 0):
        return  # in a file beside it; the schema says whether that is allowed
    filled = [number for number in (4, 5, 7, 9, 10, 11) if tensor.get(number)]
    if filled not in ([9], [field]) and (filled or n_numbers):
        raise BackboneError(f"its weights {name!a} are not stored as their type says")
    found = sum(map(len, tensor[9])) / n_bytes if filled == [9] else _count_stored(tensor.get(field, []), field)
    if found != n_numbers:
        raise BackboneError(f"its weights {name!a} have {found:,.0f} numbers for a shape of {n_numbers:,}")
    # single infinite numbers are limits of layers
    if not is_foreign and data_type == _FLOAT and n_numbers > 1 and not _are_finite(tensor[filled[0]]):
        raise BackboneError(f"its weights {name!a} have NaN or infinity")


def count_numbers(tensor: Record) -> int:
    """Return the number of numbers that the shape of a tensor says."""
    shape = read_whole_numbers(tensor.get(1, []))
    if min(shape, default=0) < 0:
        raise ValueError(f"got the shape {shape[:8]}")
    return math.prod(shape)


def _count_stored(values: list[int | memoryview], field: int) -> float:
    if field in _FIXED_BYTES:
        return sum(len(value) for value in values if not isinstance(value, int)) / _FIXED_BYTES[field]
    counts = [
        1 if isinstance(value, int) else np.count_nonzero(np.frombuffer(value, np.uint8) < 128) for value in values
    ]
    return float(sum(counts))


def _are_finite(values: list[int | memoryview]) -> bool:
    parts = (value for value in values if not isinstance(value, int))
    return all(np.isfinite(np.frombuffer(part, "<f4")).all() for part in parts)
