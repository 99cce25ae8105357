"""Find the input of a foreign network, the layer that gives its features, and the stages where it can be cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from headstart.backbone.foreign.graph_analysis import GraphAnalysis
from headstart.backbone.foreign.user_spec import LARGEST_SIDE, SMALLEST_SIDE, UserSpec
from headstart.backbone.spec import Stage, is_showable
from headstart.errors import BackboneError

if TYPE_CHECKING:
    import onnx

PREFIX = "net/"  # before the network's own names of layers, so that they differ from the layers that are added


@dataclass(frozen=True, slots=True)
class NetworkInput:
    """The input for photos: type of its numbers in ONNX, axis of the colours (1 or 3), and side (None: any)."""

    name: str
    data_type: int
    channel_axis: int
    side_px: int | None


@dataclass(frozen=True, slots=True)
class FeatureLayer:
    """The layer at which a network ends as a feature extractor.

    Attributes
    ----------
    features
        Name of the layer whose output, or its mean over the photo, is the features.
    layer
        Name of the feature map that is averaged, or of the layer with the same numbers before they were reshaped.
    shape
        Shape of the output of ``layer`` for one photo.
    channel_axis
        Axis of the channels in the feature map; None if ``layer`` gives no feature map.
    """

    analysis: GraphAnalysis
    features: str
    layer: str
    shape: list[int]
    channel_axis: int | None

    @property
    def map_name(self) -> str:
        """Name of the feature map in the backbone, with channels first."""
        return rename_layer(self.layer) if self.channel_axis == 1 else "map"


def rename_layer(name: str) -> str:
    """Return the name of a layer in the backbone; the empty name of an omitted input stays empty."""
    shown = name if is_showable(name) and "\\" not in name else ascii(name)[1:-1]  # different names stay different
    return f"{PREFIX}{shown}" if name else name


def find_input(graph: onnx.GraphProto, user_spec: UserSpec) -> NetworkInput:
    """Find the input for photos, and check that it can be served; raise BackboneError with the reason alone."""
    weights = {tensor.name for tensor in graph.initializer}
    inputs = {port.name: port for port in graph.input if port.name not in weights}
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
            f"its input {name!a} takes whole numbers, so the network itself scales the pixels: write "
            "value_range = [0, 255] into the TOML"
        )
    height, width = (sizes[axis] for axis in (1, 2, 3) if axis != axes[0])
    if height != width:
        raise BackboneError(f"its input is {width} x {height} pixels, need a square")
    if height is not None and not SMALLEST_SIDE <= height <= LARGEST_SIDE:
        raise BackboneError(f"its input is fixed to {height} pixels, need {SMALLEST_SIDE} to {LARGEST_SIDE}")
    return NetworkInput(name, kind.elem_type, axes[0], height)


def find_feature_layer(
    analysis: GraphAnalysis, graph: onnx.GraphProto, user_spec: UserSpec, shapes: dict[str, list[int]]
) -> FeatureLayer:
    """Find the layer that gives the features; raise BackboneError with the reason alone."""
    outputs = [port.name for port in graph.output]
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
        return FeatureLayer(analysis, features, found[0], shapes[found[0]], found[1])
    layer = analysis.skip_reshaping(features)
    shape = shapes[layer]
    if sum(size > 1 for size in shape[1:]) > 1:
        raise BackboneError(
            f"its layer {layer!a} gives {shape} for a photo, need (1, D) or (1, D, h, w): name another as features"
        )
    return FeatureLayer(analysis, features, layer, shape, None)


def list_stages(end: FeatureLayer, user_spec: UserSpec, side_px: int) -> tuple[Stage, ...]:
    """Return the stages, with the names that the layers have in the backbone."""
    if end.channel_axis is None:
        top = Stage("top", "features", int(np.prod(end.shape)), side_px)
    else:
        height = end.shape[2 if end.channel_axis == 1 else 1]
        if height > side_px:
            raise BackboneError(
                f"its last map, {end.layer!a}, is larger than the photo: name another layer as features"
            )
        top = Stage("top", end.map_name, end.shape[end.channel_axis], round(side_px / height))
    if user_spec.stages:
        found = _list_named_stages(end, user_spec, side_px)
    else:
        found = [stage for stage in end.analysis.list_stages(end.layer, side_px) if stage.stride != top.stride]
    below = [replace(stage, tensor=rename_layer(stage.tensor)) for stage in found if stage.tensor != end.layer]
    return (*below, top)


def _list_named_stages(end: FeatureLayer, user_spec: UserSpec, side_px: int) -> list[Stage]:
    """Return the stages that the TOML names, in their order from the input."""
    cuts = end.analysis.list_cuts(end.layer, side_px)
    names = {layer: name for name, layer in user_spec.stages.items()}
    if len(names) < len(user_spec.stages):
        raise BackboneError("its stages in the TOML have a layer twice")
    for layer in set(names) - {cut.tensor for cut in cuts} - {end.layer}:
        if not end.analysis.depends_on_photo(layer):
            raise BackboneError(f"it has no layer {layer!a} that depends on the photo")
        raise BackboneError(
            f"it cannot be cut at {layer!a}: the layers after it need more than its output, or form one layer with it"
        )
    return [replace(cut, name=names[cut.tensor]) for cut in cuts if cut.tensor in names]
