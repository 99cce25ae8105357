"""Read somebody else's ONNX file into a plain graph: recent, of float32, without branches, and of a sane size."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbone.folding import fold_constants
from headstart.errors import BackboneError, MissingExtraError

if TYPE_CHECKING:
    import onnx

OPSET = 17  # older networks are brought to it; the layers that are added are the same from 13 to 22
OLDEST = 13
MOST_NUMBERS = 200_000_000  # in the output of one layer, for one photo: some kilobytes may unfold to any amount
_QUANTISING = frozenset({"QuantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "ConvInteger", "MatMulInteger"})
_TRAINED_APART = ("Conv", "BatchNormalization")


def read_network(path: Path, sha256: str | None) -> onnx.ModelProto:
    """Read a network.

    Raises
    ------
    BackboneError
        The reason alone: if it is another file than ``sha256`` says, no network, or one that cannot be used.
    MissingExtraError
        If onnx is not installed.
    """
    try:
        import onnx
    except ImportError:
        raise MissingExtraError(
            f"Cannot use '{path}' as a backbone: onnx, which reads it, is not installed. "
            "Install it with: pip install 'headstart[onnx]'"
        ) from None
    data = path.read_bytes()
    if sha256 not in (None, digest := hashlib.sha256(data).hexdigest()):
        raise BackboneError(f"its SHA-256 is {digest[:12]}..., and the TOML has {str(sha256)[:12]}...")
    try:
        model = _parse(onnx.load_from_string(data), path.parent)
    except BackboneError:
        raise
    except Exception as error:  # a file from anywhere: the package has an error of its own for each way to be wrong
        raise BackboneError(f"it is no ONNX file that can be read ({ascii(str(error))[1:-1]:.80})") from None
    _refuse_strangers(model)
    fold_constants(model)
    _part_weights(model.graph)
    return model


def _parse(model: onnx.ModelProto, folder: Path) -> onnx.ModelProto:
    import onnx
    from onnx import inliner, version_converter

    if not model.graph.node or not model.graph.output:
        raise BackboneError("it is no ONNX network: it has no layers")
    onnx.load_external_data_for_model(model, str(folder))
    if model.functions:
        model = inliner.inline_local_functions(model)
    if any(attribute.HasField("g") or attribute.graphs for node in model.graph.node for attribute in node.attribute):
        raise BackboneError("it has branches or loops (If, Loop, Scan), need a plain chain of layers")
    version = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0)
    if version < OLDEST:
        model = version_converter.convert_version(model, OPSET)
    _make_float32(model)
    _refuse_giants(model)
    return model


def _make_float32(model: onnx.ModelProto) -> None:
    """Turn everything of half or double precision to float32: each engine has a precision of its own choice."""
    from onnx import TensorProto, numpy_helper

    others = (TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)

    def turn(tensor: onnx.TensorProto) -> None:
        if tensor.data_type in others:
            value = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))

    graph = model.graph
    for tensor in graph.initializer:
        turn(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                turn(attribute.t)
            if attribute.name in ("to", "dtype") and attribute.i in others:
                attribute.i = TensorProto.FLOAT
    for end in (*graph.input, *graph.output):
        if end.type.tensor_type.elem_type in others:
            end.type.tensor_type.elem_type = TensorProto.FLOAT
    del graph.value_info[:]


def _refuse_giants(model: onnx.ModelProto) -> None:
    import onnx

    known = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    for end in (*known.value_info, *known.output):
        sizes = [dim.dim_value for dim in end.type.tensor_type.shape.dim]  # 0 where it is not known
        if np.prod([max(size, 1) for size in sizes], dtype=np.float64) > MOST_NUMBERS:
            raise BackboneError(
                f"its layer {end.name!a} makes {' x '.join(map(str, sizes))} numbers, which is too many"
            )


def _refuse_strangers(model: onnx.ModelProto) -> None:
    if any(node.op_type in _QUANTISING for node in model.graph.node):
        raise BackboneError("it is quantised already: give the network before that, and train with --precision int8")


def _part_weights(graph: onnx.GraphProto) -> None:
    """Give each layer that can be trained weights of its own: exporters store equal ones once."""
    import onnx

    known = {tensor.name: tensor for tensor in graph.initializer}
    seen: Counter[str] = Counter()
    for node in graph.node:
        for i, name in enumerate(node.input):
            if node.op_type in _TRAINED_APART and i > 0 and name in known:
                seen[name] += 1
                if seen[name] > 1:
                    copy = onnx.TensorProto()
                    copy.CopyFrom(known[name])
                    copy.name = node.input[i] = f"{name}/{seen[name]}"
                    graph.initializer.append(copy)
