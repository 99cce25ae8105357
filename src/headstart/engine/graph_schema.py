"""The fields that an ONNX file may have here, and a reader that refuses all others.

ONNX can do more than a network needs: weights in other files, branches, loops, functions, training. What this list does
not have cannot be in a file that passes, at any depth. The messages nest at most as deep as the list does.
"""

from __future__ import annotations

from typing import Any

from headstart.engine.protobuf import find_fields
from headstart.errors import BackboneError

# Numbers and kinds of the fields of each message (onnx.proto3 of ONNX 1.23): a number (int), bytes, a text, or another
# message. "*" marks a field that may be repeated. "numbers" may be packed into one field, or be one in each.
_MODEL = {
    1: "int", 2: "text", 3: "text", 4: "text", 5: "int", 6: "text", 7: "graph", 8: "opset*", 14: "entry*",
}  # fmt: skip
_TENSOR = {
    1: "numbers*", 2: "int", 4: "numbers*", 5: "numbers*", 7: "numbers*", 8: "text", 9: "bytes", 10: "numbers*",
    11: "numbers*", 12: "text",
}  # fmt: skip
_ATTRIBUTE = {
    1: "text", 2: "bytes", 3: "int", 4: "bytes", 5: "tensor", 7: "numbers*", 8: "numbers*", 9: "bytes*", 13: "text",
    20: "int",
}  # fmt: skip
SCHEMA: dict[str, dict[int, str]] = {
    "model": _MODEL,
    "opset": {1: "text", 2: "int"},
    "entry": {1: "text", 2: "text"},
    "graph": {1: "node*", 2: "text", 5: "tensor*", 10: "text", 11: "port*", 12: "port*", 13: "port*"},
    "node": {1: "text*", 2: "text*", 3: "text", 4: "text", 5: "attribute*", 6: "text", 7: "text"},
    "attribute": _ATTRIBUTE,
    "tensor": _TENSOR,
    "port": {1: "text", 2: "type", 3: "text"},
    "type": {1: "tensor type", 6: "text"},
    "tensor type": {1: "int", 2: "shape"},
    "shape": {1: "dimension*"},
    "dimension": {1: "int", 2: "text", 3: "text"},
}
# Networks of others also have notes of their exporters, functions, and weights in files beside them.
FOREIGN_SCHEMA: dict[str, dict[int, str]] = SCHEMA | {
    "model": _MODEL | {25: "function*"},
    "graph": SCHEMA["graph"] | {14: "annotation*", 16: "entry*"},
    "annotation": {1: "text", 2: "entry*"},
    "node": SCHEMA["node"] | {8: "text", 9: "entry*"},
    "attribute": _ATTRIBUTE | {21: "text"},
    "tensor": _TENSOR | {13: "entry*", 14: "int", 16: "entry*"},
    "port": SCHEMA["port"] | {4: "entry*"},
    "function": {
        1: "text", 4: "text*", 5: "text*", 6: "text*", 7: "node*", 8: "text", 9: "opset*", 10: "text",
        11: "attribute*", 12: "port*", 13: "text", 14: "entry*",
    },
}  # fmt: skip
_REFUSED = {
    ("model", 20): "a training",
    ("model", 25): "functions",
    ("graph", 15): "sparse weights",
    ("attribute", 6): "branches or loops (If, Loop, Scan)",
    ("attribute", 11): "branches or loops (If, Loop, Scan)",
    ("attribute", 22): "sparse weights",
    ("attribute", 23): "sparse weights",
    ("tensor", 6): "texts as weights",
    ("tensor", 13): "weights in another file",
    ("tensor", 14): "weights in another file",
}
MAX_FIELDS = 2_000_000  # of a whole file, 1 us each; a large network has 100,000
_PLAIN = ("int", "bytes", "numbers")
Record = dict[int, list[Any]]


class MessageReader:
    """Reads the messages of one file by a schema, up to ``MAX_FIELDS`` fields."""

    def __init__(self, schema: dict[str, dict[int, str]]) -> None:
        self._schema = {
            message: {number: (kind.removesuffix("*"), kind.endswith("*")) for number, kind in fields.items()}
            for message, fields in schema.items()
        }
        self._n_fields = 0

    def read(self, message: bytes | memoryview, kind: str = "model") -> Record:
        """Return the values of a message by the number of their field.

        Raise BackboneError, with the reason alone, if it has a field that the schema does not have, and ValueError if
        it is no such message.
        """
        message, fields = memoryview(message), self._schema[kind]
        record: Record = {}
        for number, _, start, end, whole in find_fields(message):
            self._n_fields += 1
            if self._n_fields > MAX_FIELDS:
                raise BackboneError(f"it has more than {MAX_FIELDS:,} parts")
            if number not in fields:
                what = _REFUSED.get((kind, number), f"an unknown field, {number} of a {kind}")
                raise BackboneError(f"it has {what}, need a plain chain of layers with all weights inside")
            wanted, is_repeated = fields[number]
            if number not in record:
                record[number] = []
            elif not is_repeated:  # readers differ in what they make of a second one
                raise ValueError(f"got field {number} of a {kind} twice")
            if wanted != "numbers" and (wanted == "int") != (whole is not None):
                raise ValueError(f"got field {number} of a {kind} of another type")
            value: Any = message[start:end] if whole is None else whole
            if wanted == "text":
                value = str(value, "utf-8")
            elif wanted not in _PLAIN:
                value = self.read(value, wanted)
            record[number].append(value)
        return record
