"""Convert a network of another library into a backbone: uint8 pixels (N, H, W, 3) in, features (N, D) out.

The network's own layers stay as they are. Layers before them turn pixels into the network's input, layers after them
turn its feature map into features. Afterwards nothing depends on the origin of the network. The conversion needs the
onnx package, and its result is kept.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.backbone.backbone import Backbone
from headstart.backbone.foreign.graph_analysis import GraphAnalysis
from headstart.backbone.foreign.network_layout import (
    FeatureLayer,
    NetworkInput,
    find_feature_layer,
    find_input,
    list_stages,
    rename_layer,
)
from headstart.backbone.foreign.onnx_reader import read_network
from headstart.backbone.foreign.runtime_comparison import compare_features
from headstart.backbone.foreign.trial_inference import find_sizes, infer_trial, make_noise, measure_shapes
from headstart.backbone.foreign.user_spec import UserSpec
from headstart.backbone.spec import BackboneSpec
from headstart.engine.graph_check import check_graph
from headstart.errors import BackboneError

if TYPE_CHECKING:
    import onnx

CONVERSION_RULES = 3  # counts up when the same network gives another spec or other bytes
N_FLOAT32_STAGES = 2  # as for MobileNetV2


def convert_network(path: Path, user_spec: UserSpec) -> Backbone:
    """Convert a classification or embedding network into a backbone (1 to 10 s).

    Every BackboneError has the reason alone; the caller adds which file it is about.
    """
    given, model = read_network(path, user_spec.sha256)
    graph = model.graph
    source = find_input(graph, user_spec)
    side_px = source.side_px or user_spec.image_size
    if side_px is None:
        raise BackboneError(f"its input {source.name!a} has no fixed size: give image_size in the TOML")
    if source.side_px and user_spec.image_size not in (None, source.side_px):
        raise BackboneError(f"its input is fixed to {source.side_px} pixels, and the TOML has {user_spec.image_size}")
    shapes = measure_shapes(model.SerializeToString(), source.name, source.channel_axis, side_px)
    end = find_feature_layer(GraphAnalysis(graph, source.name, source.channel_axis, shapes), graph, user_spec, shapes)
    stages = list_stages(end, user_spec, side_px)
    n_features = stages[-1].n_channels
    n_parameters = _count_parameters(graph, end)
    network = _build(model, source, end, user_spec=user_spec, n_features=n_features)
    check_graph(network)  # as a classifier that contains it will be checked
    pixels = make_noise(side_px)
    compare_features(
        (given, model), end.features, user_spec=user_spec, pixels=pixels,
        features=infer_trial(network, pixels, n_features), channel_axes=(source.channel_axis, end.channel_axis),
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
    return Backbone(BackboneSpec.from_dict(spec.to_dict()), network)  # from_dict checks that the spec can be read again


def _count_parameters(graph: onnx.GraphProto, end: FeatureLayer) -> int:
    from onnx import TensorProto

    _, needed = end.analysis.list_needed(end.layer)
    sizes = [int(np.prod(t.dims)) for t in graph.initializer if t.name in needed and t.data_type == TensorProto.FLOAT]
    return max(1, sum(sizes))


def _measure_range(user_spec: UserSpec) -> tuple[float, float]:
    """Return the lowest value of pixels of 0 and the highest of pixels of 255, over the channels."""
    offset, scale = (np.array(values, np.float64) for values in user_spec.list_offsets())
    return float((-offset / scale).min()), float(((255 - offset) / scale).max())


def _build(
    model: onnx.ModelProto, source: NetworkInput, end: FeatureLayer, *, user_spec: UserSpec, n_features: int
) -> bytes:
    """Return the ONNX file of the network's layers up to the features, between the layers that are added."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    found, needed = end.analysis.list_needed(end.layer)
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in found]  # copies: the model stays unchanged
    kept = [tensor for tensor in model.graph.initializer if tensor.name in needed]
    weights = [numpy_helper.from_array(numpy_helper.to_array(tensor), rename_layer(tensor.name)) for tensor in kept]
    for node in nodes:
        for names in (node.input, node.output):
            names[:] = [rename_layer(name) for name in names]
        node.name = node.output[0]
    first, constants = _make_input_layers(user_spec, source)
    last, shape = _make_feature_layers(end, n_features)
    graph = helper.make_graph(
        [*first, *nodes, *last], "backbone",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n_photos", "height", "width", 3])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n_photos", n_features])],
        [*constants, *shape, *weights],
    )  # fmt: skip
    result = helper.make_model(graph, opset_imports=model.opset_import, ir_version=max(8, model.ir_version))
    origin = {"licence": user_spec.licence, "weights": user_spec.source, "paper": user_spec.paper}
    helper.set_model_props(result, {"name": user_spec.name, **origin})
    data: bytes = result.SerializeToString(deterministic=True)
    return data


def _make_input_layers(user_spec: UserSpec, source: NetworkInput) -> tuple[list[Any], list[Any]]:
    """Return the layers from uint8 pixels to the network's input, and their constants."""
    from onnx import TensorProto, helper, numpy_helper

    steps: list[tuple[str, list[str], dict[str, Any]]] = []
    constants = []
    if user_spec.colour_order == "BGR":
        constants.append(numpy_helper.from_array(np.array([2, 1, 0]), "colours/order"))
        steps.append(("Gather", ["colours/order"], {"axis": 3}))
    steps.append(("Cast", [], {"to": TensorProto.FLOAT}))
    offset, scale = (np.array(values, np.float32) for values in user_spec.list_offsets())
    if user_spec.colour_order == "BGR":  # the TOML gives them for red, green and blue
        offset, scale = offset[::-1], scale[::-1]
    for kind, name, values, neutral in (("Sub", "offset", offset, 0), ("Div", "divisor", scale, 1)):
        if (values != neutral).any():
            constants.append(numpy_helper.from_array(values, f"rescale/{name}"))
            steps.append((kind, [f"rescale/{name}"], {}))
    if source.data_type != TensorProto.FLOAT:
        steps.append(("Cast", [], {"to": source.data_type}))
    if source.channel_axis == 1:
        steps.append(("Transpose", [], {"perm": [0, 3, 1, 2]}))
    nodes, name = [], "pixels"
    for i, (kind, inputs, attributes) in enumerate(steps):
        output = rename_layer(source.name) if i == len(steps) - 1 else f"pixels_{i}"
        nodes.append(helper.make_node(kind, [name, *inputs], [output], name=output, **attributes))
        name = output
    return nodes, constants


def _make_feature_layers(end: FeatureLayer, n_features: int) -> tuple[list[Any], list[Any]]:
    """Return the layers from the network's last layer to the features, and their constants."""
    from onnx import helper, numpy_helper

    name, nodes = rename_layer(end.layer), []
    if end.channel_axis is None:  # a reshape gives (N, D) for every shape of the last layer
        shape = numpy_helper.from_array(np.array([-1, n_features]), "features/shape")
        return [helper.make_node("Reshape", [name, "features/shape"], ["features"], name="features")], [shape]
    if end.channel_axis != 1:
        nodes.append(helper.make_node("Transpose", [name], ["map"], name="map", perm=[0, 3, 1, 2]))
        name = "map"
    nodes.append(helper.make_node("GlobalAveragePool", [name], ["pooled"], name="pooled"))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["features"], name="features", axis=1))
    return nodes, []
