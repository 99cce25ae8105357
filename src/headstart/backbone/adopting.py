"""A network that somebody else made becomes a backbone: its layers between our pixels and our features.

Whatever it takes, in whatever order, the result takes uint8 pixels (N, H, W, 3) and gives features (N, D), as the
embedded one does; from there on nothing knows where it came from. The onnx package is needed here, once: the result is
kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbone.anatomy import Anatomy
from headstart.backbone.folding import fold_constants
from headstart.backbone.own_spec import OwnSpec
from headstart.backbone.spec import BackboneSpec, Stage
from headstart.backbone.trying import find_sizes, measure_shapes, try_network
from headstart.errors import BackboneError, MissingExtraError

if TYPE_CHECKING:
    import onnx

ADOPTING_RULES = 1  # counts up when this file gives other bytes for the same network
OPSET = 17  # older networks are brought to it; the layers that are added are the same from 13 to 22
N_FLOAT32_STAGES = 2  # as of MobileNetV2
_FLOATS = (1, 10, 11, 16)  # TensorProto.DataType: float32, float16, float64, bfloat16
_PREFIX = "net/"  # before the names of its layers: none of ours can be among them


@dataclass(frozen=True, slots=True)
class _Input:
    """What a network takes: the name, the type of its numbers, which axis has the colours, and a side that is fixed."""

    name: str
    data_type: int
    channel_axis: int
    side_px: int | None


def adopt_network(path: Path, own: OwnSpec) -> tuple[BackboneSpec, bytes]:
    """Return the spec and the ONNX bytes of a backbone made from a classification network (1 to 10 s).

    Raises
    ------
    BackboneError
        If it is not the file that ``own`` describes, or no such network, or one that does not compute each photo for
        itself at any batch size.
    MissingExtraError
        If onnx is not installed.
    """
    model = _read_model(path, own)
    graph = model.graph
    source = _find_input(graph, own)
    side_px = source.side_px or own.image_size
    if side_px is None:
        raise BackboneError(f"its input {source.name!a} has no fixed size: give image_size in the TOML")
    if source.side_px and own.image_size not in (None, source.side_px):
        raise BackboneError(f"its input is fixed to {source.side_px} pixels, and the TOML has {own.image_size}")
    shapes = measure_shapes(model.SerializeToString(), source.name, source.channel_axis, side_px)
    anatomy = Anatomy(graph, source.name, shapes)
    features = own.features or anatomy.find_features(graph.output[0].name)
    if features not in shapes:
        raise BackboneError(f"it has no layer {features!a} that depends on the photo; name another as features")
    last = anatomy.find_map(features)
    features = features if last else anatomy.find_plain(features)
    stages = _list_stages(anatomy, own, last, features, side_px, shapes)
    parts = _Parts(own, source, anatomy, last, features)
    n_features = stages[-1].n_channels
    network = parts.build(model, n_features)
    try_network(network, side_px, n_features)
    low, high = _measure_range(own)
    smallest, largest = (side_px, side_px) if source.side_px else find_sizes(network, side_px, n_features)
    spec = BackboneSpec(
        name=own.name, weights_sha256=hashlib.sha256(network).hexdigest(), n_features=n_features,
        n_parameters=parts.n_parameters, image_size=side_px, min_image_size=smallest, max_image_size=largest,
        colour_order=own.colour_order, value_range=(low, high), resize="stretch", stages=stages,
        n_float32_stages=min(N_FLOAT32_STAGES, len(stages) - 1), licence=own.licence, source=own.source,
        paper=own.paper,
    )  # fmt: skip
    return spec, network


def _read_model(path: Path, own: OwnSpec) -> onnx.ModelProto:
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError:
        raise MissingExtraError(
            f"Cannot use '{path}' as a backbone: onnx, which reads it, is not installed. "
            "Install it with: pip install 'headstart[onnx]'"
        ) from None
    data = path.read_bytes()
    if own.sha256 not in (None, digest := hashlib.sha256(data).hexdigest()):
        raise BackboneError(f"its SHA-256 is {digest[:12]}..., and the TOML has {str(own.sha256)[:12]}...")
    try:
        model = onnx.load_from_string(data)
        onnx.load_external_data_for_model(model, str(path.parent))
        version = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0)
        if version < 13:
            from onnx import version_converter

            model = version_converter.convert_version(model, OPSET)
    except (DecodeError, RuntimeError, ValueError, OSError, onnx.checker.ValidationError) as error:
        raise BackboneError(f"it is no ONNX file that can be read ({ascii(str(error))[1:-1]:.80})") from None
    if not model.graph.node or not model.graph.output:
        raise BackboneError("it is no ONNX network: it has no layers")
    if any(attribute.HasField("g") or attribute.graphs for node in model.graph.node for attribute in node.attribute):
        raise BackboneError("it has branches or loops (If, Loop, Scan), need a plain chain of layers")
    if model.functions:
        from onnx import inliner

        model = inliner.inline_local_functions(model)
    fold_constants(model)
    return model


def _find_input(graph: onnx.GraphProto, own: OwnSpec) -> _Input:
    weights = {tensor.name for tensor in graph.initializer}
    inputs = {end.name: end for end in graph.input if end.name not in weights}
    name = own.input or next(iter(inputs), "")
    if own.input and own.input not in inputs:
        raise BackboneError(f"it has no input {own.input!a}, only {list(inputs)!a}")
    if len(inputs) != 1 and own.input is None:
        raise BackboneError(f"it has the inputs {list(inputs)!a}, need one: name it as input in the TOML")
    kind = inputs[name].type.tensor_type
    sizes = [dim.dim_value or None for dim in kind.shape.dim]
    axes = [axis for axis in (1, 3) if len(sizes) == 4 and sizes[axis] == 3]
    if not axes:
        raise BackboneError(f"its input {name!a} has shape {sizes!a}, need (N, 3, H, W) or (N, H, W, 3)")
    offset, scale = own.list_offsets()
    if kind.elem_type not in _FLOATS and (set(offset), set(scale)) != ({0.0}, {1.0}):
        raise BackboneError(
            f"its input {name!a} takes whole numbers, so the network itself does what the TOML says of pixels: write "
            "value_range = [0, 255] instead"
        )
    height, width = (sizes[axis] for axis in (1, 2, 3) if axis != axes[0])
    if height != width:
        raise BackboneError(f"its input is {width} x {height} pixels, need a square")
    return _Input(name, kind.elem_type, axes[0], height)


def _list_stages(
    anatomy: Anatomy, own: OwnSpec, last: str | None, features: str, side_px: int, shapes: dict[str, list[int]]
) -> tuple[Stage, ...]:
    """Return the stages under the names that the layers will have."""
    end = last or features
    if own.stages:
        narrow = {stage.tensor: stage for stage in anatomy.list_places(end, side_px)}
        strangers = [layer for layer in own.stages.values() if layer not in narrow and layer != end]
        if strangers and strangers[0] not in shapes:
            raise BackboneError(f"it has no layer {strangers[0]!a} that depends on the photo")
        if strangers:
            raise BackboneError(f"it cannot be cut at {strangers[0]!a}: what follows needs more than that layer")
        found = [Stage(name, *_rest(narrow[layer])) for name, layer in own.stages.items() if layer != end]
    else:
        found = [stage for stage in anatomy.list_stages(end, side_px) if stage.tensor != end]
    shape = shapes[end]
    n_channels, stride = (shape[1], round(side_px / shape[2])) if last else (int(np.prod(shape)), side_px)
    found = [stage for stage in found if own.stages or stage.stride != stride]
    top = Stage("top", f"{_PREFIX}{end}" if last else "features", n_channels, stride)
    return (*(Stage(stage.name, f"{_PREFIX}{stage.tensor}", stage.n_channels, stage.stride) for stage in found), top)


def _rest(stage: Stage) -> tuple[str, int, int]:
    return stage.tensor, stage.n_channels, stage.stride


def _measure_range(own: OwnSpec) -> tuple[float, float]:
    """Return what 0 and 255 become: the least and the greatest over the channels."""
    offset, scale = (np.array(values, np.float64) for values in own.list_offsets())
    return float((-offset / scale).min()), float(((255 - offset) / scale).max())


@dataclass
class _Parts:
    """The layers to keep, and those that are put before and behind them."""

    own: OwnSpec
    source: _Input
    anatomy: Anatomy
    last: str | None
    features: str
    n_parameters: int = 0

    def build(self, model: onnx.ModelProto, n_features: int) -> bytes:
        from onnx import TensorProto, helper, numpy_helper

        nodes, needed = self.anatomy.list_needed(self.last or self.features)
        kept = [tensor for tensor in model.graph.initializer if tensor.name in needed]
        weights = [numpy_helper.from_array(numpy_helper.to_array(tensor), _rename(tensor.name)) for tensor in kept]
        self.n_parameters = max(1, sum(int(np.prod(t.dims)) for t in kept if t.data_type in _FLOATS))
        for node in nodes:
            for names in (node.input, node.output):
                names[:] = [_rename(name) for name in names]
            node.name = node.output[0]
        first, constants = self._take_pixels()
        if not self.last:
            constants.append(numpy_helper.from_array(np.array([-1, n_features]), "features/shape"))
        graph = helper.make_graph(
            [*first, *nodes, *self._give_features()], "backbone",
            [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n_photos", "height", "width", 3])],
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n_photos", n_features])],
            [*constants, *weights],
        )  # fmt: skip
        result = helper.make_model(graph, opset_imports=model.opset_import, ir_version=max(8, model.ir_version))
        facts = {
            "name": self.own.name,
            "licence": self.own.licence,
            "weights": self.own.source,
            "paper": self.own.paper,
        }
        helper.set_model_props(result, facts)
        data: bytes = result.SerializeToString(deterministic=True)
        return data

    def _take_pixels(self) -> tuple[list[Any], list[Any]]:
        """Return the layers from uint8 pixels to what the network takes, and their numbers."""
        from onnx import TensorProto, helper, numpy_helper

        steps: list[tuple[str, list[str], dict[str, Any]]] = []
        numbers = []
        if self.own.colour_order == "BGR":
            numbers.append(numpy_helper.from_array(np.array([2, 1, 0]), "colours/order"))
            steps.append(("Gather", ["colours/order"], {"axis": 3}))
        steps.append(("Cast", [], {"to": TensorProto.FLOAT}))
        offset, scale = (np.array(values, np.float32) for values in self.own.list_offsets())
        for kind, name, values, neutral in (("Sub", "offset", offset, 0), ("Div", "divisor", scale, 1)):
            if (values != neutral).any():
                numbers.append(numpy_helper.from_array(values, f"rescale/{name}"))
                steps.append((kind, [f"rescale/{name}"], {}))
        if self.source.data_type != TensorProto.FLOAT:
            steps.append(("Cast", [], {"to": self.source.data_type}))
        if self.source.channel_axis == 1:
            steps.append(("Transpose", [], {"perm": [0, 3, 1, 2]}))
        nodes, name = [], "pixels"
        for i, (kind, inputs, attributes) in enumerate(steps):
            end = _rename(self.source.name) if i == len(steps) - 1 else f"pixels_{i}"
            nodes.append(helper.make_node(kind, [name, *inputs], [end], name=end, **attributes))
            name = end
        return nodes, numbers

    def _give_features(self) -> list[Any]:
        """Return the layers from the network's last to float32 features: the mean over the photo, where it is one."""
        from onnx import TensorProto, helper

        name, nodes = _rename(self.last or self.features), []
        if self.source.data_type != TensorProto.FLOAT:
            nodes.append(helper.make_node("Cast", [name], ["last"], name="last", to=TensorProto.FLOAT))
            name = "last"
        if self.last:
            nodes.append(helper.make_node("GlobalAveragePool", [name], ["pooled"], name="pooled"))
            name = "pooled"
            nodes.append(helper.make_node("Flatten", [name], ["features"], name="features", axis=1))
        else:  # whose shape is known, whatever came before
            nodes.append(helper.make_node("Reshape", [name, "features/shape"], ["features"], name="features"))
        return nodes


def _rename(name: str) -> str:
    return f"{_PREFIX}{name}" if name else name  # an input that is left out has no name
