"""What a backbone gives is compared with what the network gives in the runtime that others use, on the same pixels.

Neither the arithmetic of pixels nor where the features are, nor a layer that the engine understands otherwise, is
believed: all of it is computed a second time, from the network's own file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from headstart.errors import BackboneError

if TYPE_CHECKING:
    import onnx

    from headstart.backbone.foreign.user_spec import UserSpec

# of the largest feature; layers of half precision are computed in it by the one, and in float32 by the other
TOLERANCE, TOLERANCE_HALF = 3e-4, 3e-2
_TYPES = {
    "tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64, "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32, "tensor(int64)": np.int64,
}  # fmt: skip


def compare_features(
    models: tuple[onnx.ModelProto, onnx.ModelProto], layer: str, user_spec: UserSpec, pixels: npt.NDArray[np.uint8],
    ours: npt.NDArray[np.float32], *, channel_axes: tuple[int, int | None],
) -> None:  # fmt: skip
    """Raise an error unless a network gives, in ONNX Runtime, the features that the backbone made of it gives.

    Parameters
    ----------
    models
        The network as it was given; and as it was read, for where the runtime cannot do with the former. Both are
        changed.
    layer
        That gives the features, or a map of which they are the means.
    pixels, ours
        (N, S, S, 3), and the features of them, (N, D).
    channel_axes
        Of the network's input; and of that map, if it is one.

    Raises
    ------
    BackboneError
        The reason alone.
    """
    tolerance = TOLERANCE_HALF if _is_half(models[0].graph) else TOLERANCE
    rows = None
    for model in models:
        try:
            rows = _run(model, layer, _prepare(user_spec, pixels, channel_axes[0]))
        except Exception as error:  # the runtime has one of its own for each way to be wrong
            reason = error
        else:
            break
    if rows is None:
        raise BackboneError(f"ONNX Runtime cannot compute its layer {layer!a} ({ascii(str(reason))[1:-1]:.120})")
    theirs = _pool(rows, channel_axes[1])
    if theirs.shape != ours.shape:
        raise BackboneError(
            f"its layer {layer!a} would give {ours.shape[1]} features, and not the {theirs.shape[1]} that ONNX Runtime "
            "computes: name another layer as features"
        )
    gap = np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-6)
    if not gap <= tolerance:
        raise BackboneError(
            f"its features would be {gap:.1%} off what ONNX Runtime computes, so a layer of it is not understood. "
            "Export it in another way, such as with another opset, or name another layer as features"
        )


def _is_half(graph: onnx.GraphProto) -> bool:
    """Say whether anything of a network is of half precision."""
    from onnx import TensorProto

    types = {tensor.data_type for tensor in graph.initializer}
    types |= {attribute.t.data_type for node in graph.node for attribute in node.attribute if attribute.HasField("t")}
    types |= {end.type.tensor_type.elem_type for end in graph.input}
    return not types.isdisjoint((TensorProto.FLOAT16, TensorProto.BFLOAT16))


def _prepare(user_spec: UserSpec, pixels: npt.NDArray[np.uint8], channel_axis: int) -> npt.NDArray[np.float32]:
    """Return what the network takes for pixels."""
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
    """Compute a layer for photos, one by one."""
    import onnxruntime

    _keep_below(model.graph, layer)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is raised
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    x = photos.astype(_TYPES[entry.type])
    return [session.run(None, {entry.name: photo[None]})[0] for photo in x]


def _keep_below(graph: onnx.GraphProto, layer: str) -> None:
    """Leave of a graph what a layer is computed from."""
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
    """Return (N, D) features of what a layer gave for each photo: means over its places, if it is a map."""
    if channel_axis is not None and rows[0].ndim == 4:
        rows = [row.mean((2, 3) if channel_axis == 1 else (1, 2), dtype=np.float32) for row in rows]
    return np.stack([row.ravel() for row in rows]).astype(np.float32)
