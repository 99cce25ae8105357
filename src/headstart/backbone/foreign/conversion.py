"""A network that somebody else made becomes a backbone: its layers between our pixels and our features.

Whatever it takes, in whatever order, the result takes uint8 pixels (N, H, W, 3) and gives features (N, D), as the
embedded one does; from there on nothing knows where it came from. The onnx package is needed here, once: the result is
kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbone.foreign.graph_analysis import GraphAnalysis
from headstart.backbone.foreign.onnx_reader import read_network
from headstart.backbone.foreign.runtime_comparison import compare_features
from headstart.backbone.foreign.trial_inference import find_sizes, make_noise, measure_shapes, try_network
from headstart.backbone.foreign.user_spec import LARGEST_SIDE, SMALLEST_SIDE, UserSpec
from headstart.backbone.spec import BackboneSpec, Stage, is_showable
from headstart.errors import BackboneError

if TYPE_CHECKING:
    import onnx

CONVERSION_RULES = 3  # counts up when another spec or other bytes are made of the same network
N_FLOAT32_STAGES = 2  # as of MobileNetV2
PREFIX = "net/"  # before the names of its layers: none of ours can be among them


@dataclass(frozen=True, slots=True)
class _Input:
    """What a network takes: the name, the type of its numbers, which axis has the colours, and a side that is fixed."""

    name: str
    data_type: int
    channel_axis: int
    side_px: int | None


def convert_network(path: Path, user_spec: UserSpec) -> tuple[BackboneSpec, bytes]:
    """Return the spec and the ONNX bytes of a backbone made from a classification network (1 to 10 s).

    Raises
    ------
    BackboneError
        If it is not the file that ``user_spec`` describes, no such network, or one that does not compute each photo for
        itself at any batch size.
    MissingExtraError
        If onnx is not installed.
    """
    given, model = read_network(path, user_spec.sha256)
    graph = model.graph
    source = _find_input(graph, user_spec)
    side_px = source.side_px or user_spec.image_size
    if side_px is None:
        raise BackboneError(f"its input {source.name!a} has no fixed size: give image_size in the TOML")
    if source.side_px and user_spec.image_size not in (None, source.side_px):
        raise BackboneError(f"its input is fixed to {source.side_px} pixels, and the TOML has {user_spec.image_size}")
    shapes = measure_shapes(model.SerializeToString(), source.name, source.channel_axis, side_px)
    end = _find_end(GraphAnalysis(graph, source.name, source.channel_axis, shapes), graph, user_spec, shapes)
    stages = _list_stages(end, user_spec, side_px)
    n_features = stages[-1].n_channels
    n_parameters = _count_parameters(graph, end)
    network = _build(model, source, end, user_spec, n_features)
    pixels = make_noise(side_px)
    compare_features(
        (given, model), end.features, user_spec, pixels, try_network(network, pixels, n_features),
        channel_axes=(source.channel_axis, end.channel_axis),
    )  # fmt: skip
    low, high = _measure_range(user_spec)
    smallest, largest = (side_px, side_px) if source.side_px else find_sizes(network, side_px, n_features)
    spec = BackboneSpec(
        name=user_spec.name, weights_sha256=hashlib.sha256(network).hexdigest(), n_features=n_features,
        n_parameters=n_parameters, image_size=side_px, min_image_size=smallest,
        max_image_size=largest, colour_order=user_spec.colour_order, value_range=(low, high), resize="stretch",
        stages=stages, n_float32_stages=min(N_FLOAT32_STAGES, len(stages) - 1), licence=user_spec.licence,
        source=user_spec.source, paper=user_spec.paper,
    )  # fmt: skip
    return BackboneSpec.from_dict(spec.to_dict()), network  # it must be readable again


@dataclass(frozen=True, slots=True)
class _End:
    """Where the network ends as a feature extractor.

    Attributes
    ----------
    features
        The layer whose output, or its mean over the places, is the features.
    layer
        The map that is averaged, or the layer that has the same numbers before they were shaped.
    shape
        Of its output for one photo.
    channel_axis
        Of the map; None where there is none.
    """

    analysis: GraphAnalysis
    features: str
    layer: str
    shape: list[int]
    channel_axis: int | None


def _find_end(
    analysis: GraphAnalysis, graph: onnx.GraphProto, user_spec: UserSpec, shapes: dict[str, list[int]]
) -> _End:
    outputs = [end.name for end in graph.output]
    if user_spec.features is None and len(outputs) > 1:
        raise BackboneError(f"it has the outputs {outputs!a}: name the layer before the last one as features")
    features = user_spec.features or analysis.find_features(outputs[0])
    others = {other.name for other in graph.input} - {tensor.name for tensor in graph.initializer} - {analysis.source}
    if needed := analysis.list_needed(features)[1] & others:
        raise BackboneError(f"it needs {sorted(needed)!a} as well as a photo")
    if features not in shapes or not analysis.depends_on_photo(features):
        raise BackboneError(
            f"it has no layer {features!a} of floats that depends on the photo; name another as features"
        )
    found = analysis.find_map(features)
    if found is not None:
        return _End(analysis, features, found[0], shapes[found[0]], found[1])
    layer = analysis.find_plain(features)
    shape = shapes[layer]
    if sum(size > 1 for size in shape[1:]) > 1:
        raise BackboneError(
            f"its layer {layer!a} gives {shape} for a photo, need (1, D) or (1, D, h, w): name another as features"
        )
    return _End(analysis, features, layer, shape, None)


def _count_parameters(graph: onnx.GraphProto, end: _End) -> int:
    from onnx import TensorProto

    _, needed = end.analysis.list_needed(end.layer)
    sizes = [int(np.prod(t.dims)) for t in graph.initializer if t.name in needed and t.data_type == TensorProto.FLOAT]
    return max(1, sum(sizes))


def _find_input(graph: onnx.GraphProto, user_spec: UserSpec) -> _Input:
    weights = {tensor.name for tensor in graph.initializer}
    inputs = {end.name: end for end in graph.input if end.name not in weights}
    name = user_spec.input or next(iter(inputs), "")
    if user_spec.input and user_spec.input not in inputs:
        raise BackboneError(f"it has no input {user_spec.input!a}, only {list(inputs)!a}")
    if len(inputs) != 1 and user_spec.input is None:
        raise BackboneError(f"it has the inputs {list(inputs)!a}, need one: name it as input in the TOML")
    from onnx import TensorProto

    kind = inputs[name].type.tensor_type
    if kind.elem_type not in (TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT32, TensorProto.INT64):
        raise BackboneError(f"its input {name!a} takes neither floats nor whole numbers of 0 to 255")
    sizes = [dim.dim_value or None for dim in kind.shape.dim]
    axes = [axis for axis in (1, 3) if len(sizes) == 4 and sizes[axis] == 3]
    if not axes:
        raise BackboneError(f"its input {name!a} has shape {sizes!a}, need (N, 3, H, W) or (N, H, W, 3)")
    offset, scale = user_spec.list_offsets()
    if kind.elem_type != TensorProto.FLOAT and (set(offset), set(scale)) != ({0.0}, {1.0}):
        raise BackboneError(
            f"its input {name!a} takes whole numbers, so the network itself does what the TOML says of pixels: write "
            "value_range = [0, 255] instead"
        )
    height, width = (sizes[axis] for axis in (1, 2, 3) if axis != axes[0])
    if height != width:
        raise BackboneError(f"its input is {width} x {height} pixels, need a square")
    if height is not None and not SMALLEST_SIDE <= height <= LARGEST_SIDE:
        raise BackboneError(f"its input is fixed to {height} pixels, need {SMALLEST_SIDE} to {LARGEST_SIDE}")
    return _Input(name, kind.elem_type, axes[0], height)


def _list_stages(end: _End, user_spec: UserSpec, side_px: int) -> tuple[Stage, ...]:
    """Return the stages under the names that the layers will have."""
    if end.channel_axis is None:
        top = Stage("top", "features", int(np.prod(end.shape)), side_px)
    else:
        height = end.shape[2 if end.channel_axis == 1 else 1]
        if height > side_px:
            raise BackboneError(
                f"its last map, {end.layer!a}, is larger than the photo: name another layer as features"
            )
        top = Stage("top", _name_map(end), end.shape[end.channel_axis], round(side_px / height))
    if user_spec.stages:
        found = _find_named(end, user_spec, side_px)
    else:
        found = [stage for stage in end.analysis.list_stages(end.layer, side_px) if stage.stride != top.stride]
    below = [replace(stage, tensor=_rename(stage.tensor)) for stage in found if stage.tensor != end.layer]
    return (*below, top)


def _find_named(end: _End, user_spec: UserSpec, side_px: int) -> list[Stage]:
    """Return the places that the TOML names, from the input on."""
    places = end.analysis.list_places(end.layer, side_px)
    names = {layer: name for name, layer in user_spec.stages.items()}
    if len(names) < len(user_spec.stages):
        raise BackboneError("its stages have a layer twice")
    for layer in set(names) - {place.tensor for place in places} - {end.layer}:
        if not end.analysis.depends_on_photo(layer):
            raise BackboneError(f"it has no layer {layer!a} that depends on the photo")
        raise BackboneError(
            f"it cannot be cut at {layer!a}: what follows needs more than that layer, or is one with it"
        )
    return [replace(place, name=names[place.tensor]) for place in places if place.tensor in names]


def _name_map(end: _End) -> str:
    return _rename(end.layer) if end.channel_axis == 1 else "map"


def _measure_range(user_spec: UserSpec) -> tuple[float, float]:
    """Return what 0 and 255 become: the least and the greatest over the channels."""
    offset, scale = (np.array(values, np.float64) for values in user_spec.list_offsets())
    return float((-offset / scale).min()), float(((255 - offset) / scale).max())


def _build(model: onnx.ModelProto, source: _Input, end: _End, user_spec: UserSpec, n_features: int) -> bytes:
    """Return the layers up to the end between those from our pixels and those to our features, as ONNX bytes."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    found, needed = end.analysis.list_needed(end.layer)
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in found]  # the network stays as it was read
    kept = [tensor for tensor in model.graph.initializer if tensor.name in needed]
    weights = [numpy_helper.from_array(numpy_helper.to_array(tensor), _rename(tensor.name)) for tensor in kept]
    for node in nodes:
        for names in (node.input, node.output):
            names[:] = [_rename(name) for name in names]
        node.name = node.output[0]
    first, constants = _take_pixels(user_spec, source)
    last, shape = _give_features(end, n_features)
    graph = helper.make_graph(
        [*first, *nodes, *last], "backbone",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n_photos", "height", "width", 3])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n_photos", n_features])],
        [*constants, *shape, *weights],
    )  # fmt: skip
    result = helper.make_model(graph, opset_imports=model.opset_import, ir_version=max(8, model.ir_version))
    facts = {
        "name": user_spec.name,
        "licence": user_spec.licence,
        "weights": user_spec.source,
        "paper": user_spec.paper,
    }
    helper.set_model_props(result, facts)
    data: bytes = result.SerializeToString(deterministic=True)
    return data


def _take_pixels(user_spec: UserSpec, source: _Input) -> tuple[list[Any], list[Any]]:
    """Return the layers from uint8 pixels to what the network takes, and their numbers."""
    from onnx import TensorProto, helper, numpy_helper

    steps: list[tuple[str, list[str], dict[str, Any]]] = []
    numbers = []
    if user_spec.colour_order == "BGR":
        numbers.append(numpy_helper.from_array(np.array([2, 1, 0]), "colours/order"))
        steps.append(("Gather", ["colours/order"], {"axis": 3}))
    steps.append(("Cast", [], {"to": TensorProto.FLOAT}))
    offset, scale = (np.array(values, np.float32) for values in user_spec.list_offsets())
    if user_spec.colour_order == "BGR":  # they are of red, green and blue
        offset, scale = offset[::-1], scale[::-1]
    for kind, name, values, neutral in (("Sub", "offset", offset, 0), ("Div", "divisor", scale, 1)):
        if (values != neutral).any():
            numbers.append(numpy_helper.from_array(values, f"rescale/{name}"))
            steps.append((kind, [f"rescale/{name}"], {}))
    if source.data_type != TensorProto.FLOAT:
        steps.append(("Cast", [], {"to": source.data_type}))
    if source.channel_axis == 1:
        steps.append(("Transpose", [], {"perm": [0, 3, 1, 2]}))
    nodes, name = [], "pixels"
    for i, (kind, inputs, attributes) in enumerate(steps):
        end = _rename(source.name) if i == len(steps) - 1 else f"pixels_{i}"
        nodes.append(helper.make_node(kind, [name, *inputs], [end], name=end, **attributes))
        name = end
    return nodes, numbers


def _give_features(end: _End, n_features: int) -> tuple[list[Any], list[Any]]:
    """Return the layers from the network's last to features, and their numbers."""
    from onnx import helper, numpy_helper

    name, nodes = _rename(end.layer), []
    if end.channel_axis is None:  # whose shape is known, whatever came before
        shape = numpy_helper.from_array(np.array([-1, n_features]), "features/shape")
        return [helper.make_node("Reshape", [name, "features/shape"], ["features"], name="features")], [shape]
    if end.channel_axis != 1:
        nodes.append(helper.make_node("Transpose", [name], ["map"], name="map", perm=[0, 3, 1, 2]))
        name = "map"
    nodes.append(helper.make_node("GlobalAveragePool", [name], ["pooled"], name="pooled"))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["features"], name="features", axis=1))
    return nodes, []


def _rename(name: str) -> str:
    """Return the name that a layer has with us; an input that is left out has none."""
    shown = name if is_showable(name) and "\\" not in name else ascii(name)[1:-1]  # no two names become one
    return f"{PREFIX}{shown}" if name else name
