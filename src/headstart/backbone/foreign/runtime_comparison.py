"""Compare the features of a backbone with those of the network's own file in ONNX Runtime, on the same pixels.

This checks the arithmetic of the pixels, the choice of the feature layer, and every layer that the engine computes. All
of them are computed a second time, independently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from headstart.errors import BackboneError

if TYPE_CHECKING:
    import onnx

    from headstart.backbone.foreign.user_spec import UserSpec

# Relative to the largest feature. ONNX Runtime computes layers of half precision in it, the engine in float32.
TOLERANCE, TOLERANCE_HALF = 3e-4, 3e-2
_TYPES = {
    "tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64, "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32, "tensor(int64)": np.int64,
}  # fmt: skip


def compare_features(
    models: tuple[onnx.ModelProto, onnx.ModelProto], layer: str, *, user_spec: UserSpec, pixels: npt.NDArray[np.uint8],
    features: npt.NDArray[np.float32], channel_axes: tuple[int, int | None],
) -> None:  # fmt: skip
    """Raise an error if a network has other features in ONNX Runtime than in the backbone that was made of it.

    Parameters
    ----------
    models
        The network as given, and as read, which is used if ONNX Runtime cannot compute the first. Both are changed.
    layer
        Name of the layer that gives the features, or the feature map that is averaged.
    pixels, features
        (N, S, S, 3), and their features in the backbone, (N, D).
    channel_axes
        Axis of the channels in the network's input, and in the feature map; None without a map.
    """
    tolerance = TOLERANCE_HALF if _is_half(models[0].graph) else TOLERANCE
    rows = None
    for model in models:
        try:
            rows = _run(model, layer, _prepare(user_spec, pixels, channel_axes[0]))
        except Exception as error:  # ONNX Runtime has many kinds of errors
            reason = error
        else:
            break
    if rows is None:
        raise BackboneError(f"ONNX Runtime cannot compute its layer {layer!a} ({ascii(str(reason))[1:-1]:.120})")
    expected = _pool(rows, channel_axes[1])
    if expected.shape != features.shape:
        raise BackboneError(
            f"its layer {layer!a} gives {features.shape[1]} features here and {expected.shape[1]} in ONNX Runtime: "
            "name another layer as features"
        )
    gap = np.abs(features - expected).max() / max(np.abs(expected).max(), 1e-6)
    if not gap <= tolerance:
        raise BackboneError(
            f"its features differ by {gap:.1%} from those of ONNX Runtime, so one of its layers is computed otherwise. "
            "Export it in another way, such as with another opset, or name another layer as features"
        )


def _is_half(graph: onnx.GraphProto) -> bool:
    """Say whether a network has weights, constants or inputs of half precision."""
    from onnx import TensorProto

    types = {tensor.data_type for tensor in graph.initializer}
    types |= {attribute.t.data_type for node in graph.node for attribute in node.attribute if attribute.HasField("t")}
    types |= {end.type.tensor_type.elem_type for end in graph.input}
    return not types.isdisjoint((TensorProto.FLOAT16, TensorProto.BFLOAT16))


def _prepare(user_spec: UserSpec, pixels: npt.NDArray[np.uint8], channel_axis: int) -> npt.NDArray[np.float32]:
    """Return the network's input for pixels."""
    x = pixels / 255
    if user_spec.value_range:
        low, high = user_spec.value_range
        x = low + x * (high - low)
    else:
        x = (x - np.array(user_spec.mean)) / np.array(user_spec.std)
    if user_spec.colour_order == "BGR":
        x = x[..., ::-1]
    return np.asarray(x.transpose(0, 3, 1, 2) if channel_axis == 1 else x, np.float32)


def _run(model: onnx.ModelProto, layer: str, photos: npt.NDArray[np.float32]) -> list[npt.NDArray[Any]]:
    """Compute a layer for each photo."""
    import onnxruntime

    _keep_below(model.graph, layer)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised, not printed
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    x = photos.astype(_TYPES[entry.type])
    return [session.run(None, {entry.name: photo[None]})[0] for photo in x]


def _keep_below(graph: onnx.GraphProto, layer: str) -> None:
    """Delete everything from a graph that a layer is not computed from."""
    from onnx import ValueInfoProto

    needed, nodes = {layer}, []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            nodes.append(node)
            needed.update(node.input)
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    known = {tensor.name for tensor in weights}
    inputs = [end for end in graph.input if end.name in needed - known]
    for field, kept in (("node", nodes[::-1]), ("initializer", weights), ("input", inputs)):
        copies = [type(part).FromString(part.SerializeToString()) for part in kept]
        graph.ClearField(field)
        getattr(graph, field).extend(copies)
    graph.ClearField("value_info")
    graph.ClearField("output")
    graph.output.append(ValueInfoProto(name=layer))


def _pool(rows: list[npt.NDArray[Any]], channel_axis: int | None) -> npt.NDArray[np.float32]:
    """Return features (N, D) from a layer's output for each photo; a feature map is averaged over the photo."""
    if channel_axis is not None and rows[0].ndim == 4:
        rows = [row.mean((2, 3) if channel_axis == 1 else (1, 2), dtype=np.float32) for row in rows]
    return np.stack([row.ravel() for row in rows]).astype(np.float32)
