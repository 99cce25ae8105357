"""Frozen part + head + labels + preprocessing become one ONNX model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from headstart.backbone.loading import Backbone
from headstart.classifier.metadata import Metadata
from headstart.classifier.seal import PRODUCER, encode_entry, seal_bytes
from headstart.classifier.wire import encode_field, encode_message, split_message
from headstart.errors import ClassifierError

RECORD_KEY = "headstart"
WEIGHTS, BIAS = "head/weights", "head/bias"
PIXELS = (  # for people and programs that feed it without headstart
    "uint8 RGB, 0 to 255, of the upright photo (EXIF orientation applied), both sides scaled to {0} pixels whatever "
    "their proportions: bicubic (Catmull-Rom) with antialiasing. The graph does the rest of the arithmetic."
)

# The messages of an ONNX file that the head needs, and the numbers of their fields (onnx.proto3 of ONNX 1.23).
_MODEL = {"producer_name": 2, "producer_version": 3, "graph": 7, "metadata": 14}
_ENTRY = {"key": 1, "value": 2}
_GRAPH = {"node": 1, "name": 2, "initializer": 5, "input": 11, "output": 12, "value_info": 13}
_REPLACED = (_GRAPH["name"], _GRAPH["input"], _GRAPH["output"], _GRAPH["value_info"])
_NODE = {"input": 1, "output": 2, "name": 3, "op_type": 4, "attribute": 5}
_ATTRIBUTE = {"name": 1, "i": 3, "type": 20}
_TENSOR = {"dims": 1, "data_type": 2, "name": 8, "raw_data": 9}
_INT = 2  # AttributeProto.AttributeType
_FLOAT, _UINT8 = 1, 2  # TensorProto.DataType


def build_classifier(
    backbone: Backbone, weights: npt.NDArray[np.float32], bias: npt.NDArray[np.float32], metadata: Metadata
) -> bytes:
    """Build the classifier file's bytes: uint8 pixels in, probabilities out (15 ms).

    Plain ONNX Runtime runs the result: input ``pixels``, (N, S, S, 3) uint8 RGB, output ``probabilities``, (N, C)
    float32 that sum to 1. The labels are in the model's metadata, and so is everything else in ``metadata``.

    Parameters
    ----------
    weights, bias
        Of the linear head, (D, C) and (C,) float32.

    Raises
    ------
    ClassifierError
        If backbone, head and labels do not fit together, or the file could not be loaded again.
    """
    n_features, n_classes = backbone.spec.n_features, len(metadata.labels)
    if weights.shape != (n_features, n_classes) or bias.shape != (n_classes,):
        raise ClassifierError(
            f"Cannot build a classifier: got a head of shape {weights.shape} and {bias.shape}, "
            f"need ({n_features}, {n_classes}) and ({n_classes},)."
        )
    if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
        raise ClassifierError("Cannot build a classifier: got a head with numbers that are not finite.")
    record = metadata.to_json()
    try:
        Metadata.from_json(record)
    except ClassifierError as error:
        raise ClassifierError(f"Cannot build a classifier: {error}.") from None
    header, entries, trunk = _take_apart(backbone.weights)
    side = metadata.image_size
    graph = trunk + encode_message(
        (_GRAPH["node"], _make_node("Gemm", ["features", WEIGHTS, BIAS], "scores")),
        (_GRAPH["node"], _make_node("Softmax", ["scores"], "probabilities", axis=1)),
        (_GRAPH["name"], "headstart_classifier"),
        (_GRAPH["initializer"], _make_tensor(WEIGHTS, weights)),
        (_GRAPH["initializer"], _make_tensor(BIAS, bias)),
        (_GRAPH["input"], _make_end("pixels", _UINT8, ["n_photos", side, side, 3])),
        (_GRAPH["output"], _make_end("probabilities", _FLOAT, ["n_photos", n_classes])),
    )
    facts = {RECORD_KEY: record, "labels": "\n".join(metadata.labels), "pixels": PIXELS.format(side)}
    facts |= {f"backbone.{key}": value for key, value in entries.items()}
    tail = encode_field(_MODEL["graph"], graph) + b"".join(encode_entry(*fact) for fact in facts.items())
    return seal_bytes(encode_field(_MODEL["producer_name"], PRODUCER) + header + tail)


def _take_apart(network: bytes) -> tuple[bytes, dict[str, str], bytes]:
    """Return a network's header (versions and operator sets), its metadata, and its graph without name and ends."""
    header, entries, trunk = b"", {}, b""
    for number, field, value in split_message(network):
        if number == _MODEL["graph"]:
            trunk = b"".join(field for part, field, _ in split_message(value) if part not in _REPLACED)
        elif number == _MODEL["metadata"]:
            pair = {part: bytes(text).decode() for part, _, text in split_message(value)}
            entries[pair[_ENTRY["key"]]] = pair.get(_ENTRY["value"], "")
        elif number not in (_MODEL["producer_name"], _MODEL["producer_version"]):
            header += field
    return header, entries, trunk


def _make_node(kind: str, inputs: list[str], name: str, **attributes: int) -> bytes:
    """Return a NodeProto with one output, of the node's own name, and attributes that are whole numbers."""
    made = [
        encode_message((_ATTRIBUTE["name"], key), (_ATTRIBUTE["i"], value), (_ATTRIBUTE["type"], _INT))
        for key, value in attributes.items()
    ]
    return encode_message(
        *((_NODE["input"], end) for end in inputs),
        (_NODE["output"], name),
        (_NODE["name"], name),
        (_NODE["op_type"], kind),
        *((_NODE["attribute"], attribute) for attribute in made),
    )


def _make_tensor(name: str, value: npt.NDArray[np.float32]) -> bytes:
    """Return a TensorProto."""
    return encode_message(
        *((_TENSOR["dims"], size) for size in value.shape),
        (_TENSOR["data_type"], _FLOAT),
        (_TENSOR["name"], name),
        (_TENSOR["raw_data"], np.ascontiguousarray(value, "<f4").tobytes()),
    )


def _make_end(name: str, data_type: int, shape: list[int | str]) -> bytes:
    """Return a ValueInfoProto: an input or output, whose sizes are numbers or names."""
    # name = 1, type = 2 {tensor_type = 1 {elem_type = 1, shape = 2 {dim = 1 {dim_value = 1 or dim_param = 2}}}}
    sizes = [encode_message((1, size) if isinstance(size, int) else (2, size)) for size in shape]
    tensor = encode_message((1, data_type), (2, encode_message(*((1, size) for size in sizes))))
    return encode_message((1, name), (2, encode_message((1, tensor))))
