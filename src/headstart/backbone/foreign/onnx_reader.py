"""Read an ONNX file of another library into a plain graph: recent opset, float32, no branches, limited size."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from headstart.backbone.foreign.constant_folding import fold_constants
from headstart.backbone.graph_file import list_data_files
from headstart.engine.graph_check import check_foreign_graph
from headstart.errors import BackboneError
from headstart.process.packages import require_packages
from headstart.storage.local_files import read_regular

if TYPE_CHECKING:
    import onnx

OPSET = 17  # older networks are converted to it; the layers that are added are the same from 13 to 22
OLDEST_OPSET = 13
MAX_NUMBERS = 200_000_000  # in the output of one layer: a file of some kilobytes may expand to any amount
_QUANTISING = frozenset({
    "QuantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger",
})  # fmt: skip
_TRAINED = ("Conv", "BatchNormalization")


class ForeignNetwork(NamedTuple):
    """A network as given, with all weights inside, and as a plain graph."""

    given: onnx.ModelProto
    plain: onnx.ModelProto


def read_network(path: Path, sha256: str | None) -> ForeignNetwork:
    """Read a network; raise BackboneError, with the reason alone, if its file cannot be used or has another hash."""
    require_packages(f"use '{path}' as a backbone", "onnx", "onnx", "onnxruntime")
    import onnx

    data = read_regular(path)
    if sha256 not in (None, digest := hashlib.sha256(data).hexdigest()):
        raise BackboneError(f"its SHA-256 is {digest[:12]}..., and the TOML has {str(sha256)[:12]}...")
    try:
        given = _load(data, path.parent)
        model = onnx.ModelProto()
        model.CopyFrom(given)
        model = _make_plain(model)
    except BackboneError:
        raise
    except Exception as error:  # any file can come here, and the package has many kinds of errors
        raise BackboneError(f"it is no ONNX file that can be read ({ascii(str(error))[1:-1]:.80})") from None
    fold_constants(model)
    _separate_shared_weights(model.graph)
    return ForeignNetwork(given, model)


def _load(data: bytes, folder: Path) -> onnx.ModelProto:
    import onnx

    check_foreign_graph(data)
    model = onnx.load_from_string(data)
    missing = [name for name in list_data_files(data) if not (folder / name).exists()]
    if missing:
        raise BackboneError(f"its weights are in {missing[0]!a}, which is not beside it: copy that file too")
    if any(attribute.t.external_data for node in model.graph.node for attribute in node.attribute):
        raise BackboneError("constants of one of its layers are in another file: save it in one file with onnx.save")
    onnx.load_external_data_for_model(model, str(folder))
    return model


def _make_plain(model: onnx.ModelProto) -> onnx.ModelProto:
    from onnx import inliner, version_converter

    if model.functions:
        model = inliner.inline_local_functions(model)
        check_foreign_graph(model.SerializeToString())  # now the layers of the functions are in the graph, too
    version = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0)
    if version < OLDEST_OPSET:
        model = version_converter.convert_version(model, OPSET)
    _refuse_quantised(model)
    for node in model.graph.node:
        while node.input and not node.input[-1]:  # an omitted input may be an empty name or no name
            node.input.pop()
    _make_float32(model)
    _refuse_large_layers(model)
    return model


def _make_float32(model: onnx.ModelProto) -> None:
    """Convert half and double precision to float32; the engine chooses the precision that it computes in."""
    from onnx import TensorProto, numpy_helper

    others = (TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)

    def convert(tensor: onnx.TensorProto) -> None:
        if tensor.data_type in others:
            value = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))

    graph = model.graph
    for tensor in graph.initializer:
        convert(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                convert(attribute.t)
            if attribute.name in ("to", "dtype") and attribute.i in others:
                attribute.i = TensorProto.FLOAT
    for end in (*graph.input, *graph.output):
        if end.type.tensor_type.elem_type in others:
            end.type.tensor_type.elem_type = TensorProto.FLOAT
    del graph.value_info[:]


def _refuse_large_layers(model: onnx.ModelProto) -> None:
    import onnx

    known = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    for end in (*known.value_info, *known.output):
        refuse_large_layer(end.name, [dim.dim_value for dim in end.type.tensor_type.shape.dim])


def refuse_large_layer(layer: str, shape: Sequence[int]) -> None:
    """Raise BackboneError if a layer's output has more than ``MAX_NUMBERS`` numbers.

    In ``shape`` 0 means an unknown size; it counts as 1.
    """
    if np.prod([max(size, 1) for size in shape], dtype=np.float64) > MAX_NUMBERS:
        raise BackboneError(
            f"its layer {layer!a} makes {' x '.join(map(str, shape))} numbers, more than the limit of {MAX_NUMBERS:,}"
        )


def _refuse_quantised(model: onnx.ModelProto) -> None:
    if any(node.op_type in _QUANTISING for node in model.graph.node):
        raise BackboneError("it is quantised already: give the network before that, and train with --precision int8")


def _separate_shared_weights(graph: onnx.GraphProto) -> None:
    """Give each trainable layer weights of its own: exporters store equal weights once."""
    import onnx

    known = {tensor.name: tensor for tensor in graph.initializer}
    uses = Counter(name for node in graph.node for name in node.input if name in known)
    taken = set(known)
    for node in graph.node:
        for i, name in enumerate(node.input):
            if node.op_type in _TRAINED and i > 0 and uses[name] > 1:
                copy = onnx.TensorProto()
                copy.CopyFrom(known[name])
                copy.name = node.input[i] = next(new for n in count(1) if (new := f"{name}/{n}") not in taken)
                taken.add(copy.name)
                graph.initializer.append(copy)
