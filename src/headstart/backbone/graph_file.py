"""Take an ONNX file apart and join it again, with layers added, renamed or cut out and the rest byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.engine.protobuf import encode_field, encode_message, find_fields, split_message

# Field numbers of the messages of an ONNX file, as far as they are needed here (onnx.proto3 of ONNX 1.23).
MODEL = {"ir_version": 1, "producer_name": 2, "producer_version": 3, "graph": 7, "opset_import": 8, "metadata": 14}
GRAPH = {"node": 1, "name": 2, "initializer": 5, "input": 11, "output": 12, "value_info": 13}
_ENTRY = {"key": 1, "value": 2}
_SIGNATURE = (GRAPH["name"], GRAPH["input"], GRAPH["output"], GRAPH["value_info"])
_NODE = {"input": 1, "output": 2, "name": 3, "op_type": 4, "attribute": 5}
_NODE_PORTS = (_NODE["input"], _NODE["output"])
_ATTRIBUTE = {"name": 1, "f": 2, "i": 3, "s": 4, "ints": 8, "type": 20}
_TENSOR = {"dims": 1, "data_type": 2, "name": 8, "raw_data": 9, "external_data": 13}
_KINDS = {"f": 1, "i": 2, "s": 3, "ints": 7}  # AttributeProto.AttributeType
_OPERATORS = {"domain": 1, "version": 2}  # of OperatorSetIdProto
_ANY = "n_photos"  # the size of the first axis
_IR_VERSION, _OPSET = 8, 17
FLOAT, UINT8, _INT64 = 1, 2, 7  # TensorProto.DataType


@dataclass(frozen=True)
class GraphFile:
    """The parts of an ONNX file.

    Attributes
    ----------
    header
        Encoded versions and operator sets.
    entries
        Metadata of the file.
    trunk
        Encoded nodes and weights of the graph, without its name, inputs and outputs.
    """

    header: bytes
    entries: dict[str, str]
    trunk: bytes

    @property
    def ir_version(self) -> int:
        """Version of the file format."""
        return (
            next(value for number, *_, value in find_fields(memoryview(self.header)) if number == MODEL["ir_version"])
            or 0
        )

    @property
    def opset(self) -> int:
        """Version of the standard operators."""
        for number, _, value in split_message(self.header):
            if number == MODEL["opset_import"]:
                entry = {part: whole or bytes(value[start:end]) for part, _, start, end, whole in find_fields(value)}
                if entry.get(_OPERATORS["domain"], b"") in (b"", b"ai.onnx"):
                    return int(entry[_OPERATORS["version"]])
        return 0

    def join(self, graph: bytes, entries: Mapping[str, str], *, head: bytes = b"") -> bytes:
        """Return an ONNX file with the header of this one, another graph and these entries of metadata."""
        body = encode_field(MODEL["graph"], graph)
        return b"".join([head, self.header, body, *starmap(encode_entry, entries.items())])


def take_apart(network: bytes) -> GraphFile:
    """Split an ONNX file into its parts."""
    header, entries, trunk = b"", {}, b""
    for number, field, value in split_message(network):
        if number == MODEL["graph"]:
            trunk += b"".join(field for part, field, _ in split_message(value) if part not in _SIGNATURE)
        elif number == MODEL["metadata"]:
            pair = {part: bytes(text).decode() for part, _, text in split_message(value)}
            entries[pair[_ENTRY["key"]]] = pair.get(_ENTRY["value"], "")
        elif number not in (MODEL["producer_name"], MODEL["producer_version"]):
            header += field
    return GraphFile(header, entries, trunk)


def list_data_files(network: bytes) -> list[str]:
    """Return the names of the files beside an ONNX file that hold some of its weights."""
    names = set()
    for number, _, value in split_message(network):
        for part, _, tensor in split_message(value) if number == MODEL["graph"] else ():
            for key, _, entry in split_message(tensor) if part == GRAPH["initializer"] else ():
                if key == _TENSOR["external_data"]:
                    pair = {end: bytes(text).decode() for end, _, text in split_message(entry)}
                    if pair.get(_ENTRY["key"]) == "location":
                        names.add(pair[_ENTRY["value"]])
    return sorted(names)


def encode_entry(key: str, value: str) -> bytes:
    """Return an encoded entry of metadata, to be appended to an ONNX file."""
    return encode_field(MODEL["metadata"], encode_message((_ENTRY["key"], key), (_ENTRY["value"], value)))


def rename_layers(trunk: bytes, names: Mapping[str, str]) -> bytes:
    """Return the trunk of a graph in which layers, or the graph's input, have other names, given by their old names."""
    return b"".join(
        _rename_in_node(value, lambda name: names.get(name, name)) if part == GRAPH["node"] else bytes(field)
        for part, field, value in split_message(trunk)
    )


def prefix_names(trunk: bytes, layers: str, weights: str, *, source: str) -> tuple[bytes, bytes]:
    """Return the weights and the nodes of the trunk of a graph, with a prefix before the names of each.

    ``source`` is the layer that the nodes take in place of ``pixels``.
    """
    fields = list(split_message(trunk))
    tensors = [value for part, _, value in fields if part == GRAPH["initializer"]]
    names = {name: f"{weights}{name}" for name in map(_read_tensor_name, tensors)} | {"pixels": source, "": ""}
    others = [
        _rename_in_node(value, lambda name: names.get(name, f"{layers}{name}")) if part == GRAPH["node"] else field
        for part, field, value in fields
        if part != GRAPH["initializer"]
    ]
    return b"".join(_rename_tensor(tensor, weights) for tensor in tensors), b"".join(others)


def _read_tensor_name(tensor: memoryview) -> str:
    return next(bytes(text).decode() for number, _, text in split_message(tensor) if number == _TENSOR["name"])


def _rename_tensor(tensor: memoryview, prefix: str) -> bytes:
    key = _TENSOR["name"]
    fields = [
        encode_field(key, f"{prefix}{bytes(text).decode()}") if number == key else field
        for number, field, text in split_message(tensor)
    ]
    return encode_field(GRAPH["initializer"], b"".join(fields))


def _rename_in_node(node: memoryview, rename: Callable[[str], str]) -> bytes:
    ends = (_NODE["input"], _NODE["output"], _NODE["name"])
    fields = []
    for number, field, value in split_message(node):
        name = bytes(value).decode() if number in ends else ""
        new = rename(name)
        fields.append(encode_field(number, new) if number in ends and new != name else bytes(field))
    return encode_field(GRAPH["node"], b"".join(fields))


def make_node(kind: str, inputs: Sequence[str], name: str, **attributes: float | str | list[int]) -> bytes:
    """Return an encoded node with one output, which has the node's name."""
    node = encode_message(
        *((_NODE["input"], end) for end in inputs),
        (_NODE["output"], name),
        (_NODE["name"], name),
        (_NODE["op_type"], kind),
        *((_NODE["attribute"], _encode_attribute(*attribute)) for attribute in attributes.items()),
    )
    return encode_field(GRAPH["node"], node)


def _encode_attribute(name: str, value: float | str | list[int]) -> bytes:
    kind = {list: "ints", str: "s", float: "f"}.get(type(value), "i")
    values = value if isinstance(value, list) else [value]
    fields = [encode_field(_ATTRIBUTE[kind], part) for part in values]
    return b"".join([encode_field(_ATTRIBUTE["name"], name), *fields, encode_field(_ATTRIBUTE["type"], _KINDS[kind])])


def make_tensor(name: str, value: npt.NDArray[Any]) -> bytes:
    """Return encoded weights: int64 for whole numbers, float32 for others."""
    is_whole = np.issubdtype(value.dtype, np.integer)
    tensor = encode_message(
        *((_TENSOR["dims"], size) for size in value.shape),
        (_TENSOR["data_type"], _INT64 if is_whole else FLOAT),
        (_TENSOR["name"], name),
        (_TENSOR["raw_data"], np.ascontiguousarray(value, "<i8" if is_whole else "<f4").tobytes()),
    )
    return encode_field(GRAPH["initializer"], tensor)


def make_port(kind: str, name: str, data_type: int, shape: Sequence[int | str], note: str = "") -> bytes:
    """Return an encoded ``input`` or ``output`` of a graph. A name in its shape stands for any size."""
    # name = 1, type = 2 {tensor_type = 1 {elem_type = 1, shape = 2 {dim = 1 {dim_value = 1 or dim_param = 2}}}}
    # and a note, doc_string = 3
    sizes = [encode_message((1, size) if isinstance(size, int) else (2, size)) for size in shape]
    tensor = encode_message((1, data_type), (2, encode_message(*((1, size) for size in sizes))))
    end = encode_message((3, note)) if note else b""
    return encode_field(GRAPH[kind], encode_message((1, name), (2, encode_message((1, tensor)))) + end)


def take_one_photo(network: bytes, side_px: int) -> bytes:
    """Return an ONNX file that `make_signature` gave its input, with an input for one photo, and as many bytes.

    So a library that reads it knows the sizes of all layers for one photo.
    """
    shape = [side_px, side_px, 3]
    any_number = make_port("input", "pixels", UINT8, [_ANY, *shape])
    one = make_port("input", "pixels", UINT8, [1, *shape], "x" * (len(_ANY) - 2))  # the note keeps the length
    return network.replace(any_number, one)


def make_signature(output: str, n_numbers: int, side_px: int | None = None) -> bytes:
    """Return the encoded input and output of a graph from photos to numbers.

    The input is ``pixels``, uint8 (N, S, S, 3), or (N, H, W, 3) without ``side_px``. The output is float32 (N,
    ``n_numbers``).
    """
    sides = ["height", "width"] if side_px is None else [side_px, side_px]
    pixels = make_port("input", "pixels", UINT8, [_ANY, *sides, 3])
    return pixels + make_port("output", output, FLOAT, [_ANY, n_numbers])


def make_name(name: str) -> bytes:
    """Return the encoded name of a graph."""
    return encode_field(GRAPH["name"], name)


def list_nodes(trunk: bytes) -> list[tuple[str, list[str], str]]:
    """Return the nodes of a graph: kind, names of inputs, name of the first output."""
    nodes = []
    for part, _, value in split_message(trunk):
        if part == GRAPH["node"]:
            fields = [(number, bytes(text)) for number, _, text in split_message(value)]
            kind = next(text for number, text in fields if number == _NODE["op_type"]).decode()
            inputs = [text.decode() for number, text in fields if number == _NODE["input"]]
            output = next(text for number, text in fields if number == _NODE["output"]).decode()
            nodes.append((kind, inputs, output))
    return nodes


def cut_out(trunk: bytes, below: str, above: str) -> bytes:
    """Return the nodes that compute layer ``above`` from layer ``below``, and the weights that they use."""
    needed = {above}
    for part, _, value in reversed(list(split_message(trunk))):
        if part == GRAPH["node"]:
            ends = [(number, bytes(text).decode()) for number, _, text in split_message(value) if number in _NODE_PORTS]
            outputs = {name for number, name in ends if number == _NODE["output"]}
            if outputs & needed and below not in outputs:
                needed |= {name for number, name in ends if number == _NODE["input"]}
    fields = []
    for part, field, value in split_message(trunk):
        key = {GRAPH["node"]: _NODE["output"], GRAPH["initializer"]: _TENSOR["name"]}.get(part)
        names = {bytes(text).decode() for number, _, text in split_message(value) if number == key} if key else set()
        if not key or (names & needed and below not in names):
            fields.append(bytes(field))
    return b"".join(fields)


def read_vectors(trunk: bytes, names: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
    """Return weights of a graph by name, float32 (size,). Names that the graph does not have are left out."""
    found, wanted = {}, set(names)
    for part, _, value in split_message(trunk):
        if part == GRAPH["initializer"]:
            fields = {number: text for number, _, text in split_message(value)}
            name = bytes(fields[_TENSOR["name"]]).decode()
            if name in wanted and _TENSOR["raw_data"] in fields:
                found[name] = np.frombuffer(fields[_TENSOR["raw_data"]], "<f4").copy()
    return found


def make_file(producer: str, graph: bytes, entries: Mapping[str, str]) -> bytes:
    """Return an ONNX file of a graph with these entries of metadata."""
    file = encode_message(
        (MODEL["ir_version"], _IR_VERSION),
        (MODEL["producer_name"], producer),
        (MODEL["graph"], graph),
        (MODEL["opset_import"], encode_message((2, _OPSET))),  # version = 2, of the standard operators
    )
    return b"".join([file, *starmap(encode_entry, entries.items())])
