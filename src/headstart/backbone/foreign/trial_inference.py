"""A foreign network is tried before it is believed: on noise, alone and beside another photo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.foreign.onnx_reader import refuse_giant
from headstart.engine.cutting import take_below
from headstart.engine.openvino_import import get_core
from headstart.errors import BackboneError

if TYPE_CHECKING:
    import openvino

SMALLEST_PX, LARGEST_PX = 32, 1024
TOLERANCE = 1e-3  # of the largest feature: the order of sums may change with the batch


def measure_shapes(network: bytes, source: str, channel_axis: int, side_px: int) -> dict[str, list[int]]:
    """Return the shapes of the layers' outputs for one photo, by name, of those that give floats.

    Raises
    ------
    BackboneError
        If the engine cannot read the network, or not for photos of this size.
    """
    model = _read(network)
    shape = [1, 3, side_px, side_px] if channel_axis == 1 else [1, side_px, side_px, 3]
    shapes: dict[str, list[int]] = {}
    try:
        model.reshape({source: shape})
        for op in model.get_ops():
            for output in op.outputs():
                if output.get_partial_shape().is_static and output.get_element_type().is_real():
                    shapes |= {name: list(output.get_shape()) for name in output.get_names()}
    except RuntimeError as error:
        raise BackboneError(f"it does not take photos of {side_px} pixels ({_say_shortly(error)})") from None
    for name, shape in shapes.items():
        refuse_giant(name, shape)
    return shapes


def make_noise(side_px: int) -> npt.NDArray[np.uint8]:
    """Return the pixels of two photos, (2, S, S, 3), that differ."""
    pixels = np.random.default_rng(0).integers(0, 256, (2, side_px, side_px, 3), np.uint8)
    pixels[1] //= 4
    return pixels


def try_network(network: bytes, pixels: npt.NDArray[np.uint8], n_features: int) -> npt.NDArray[np.float32]:
    """Return the features of two photos, (2, D): finite, not the same, and the same whatever is in the batch beside.

    Parameters
    ----------
    pixels
        As of `make_noise`.

    Raises
    ------
    BackboneError
        If they are not: the reason alone.
    """
    part = take_below(_read(network), "features")
    try:
        rows = []
        for batch in (pixels[:1], pixels[1:], pixels):
            part.reshape(list(batch.shape))
            compiled = get_core().compile_model(part, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
            rows.append(np.array(compiled([batch])[0], np.float32))
    except RuntimeError as error:
        raise BackboneError(
            f"it cannot be computed for two photos at once ({_say_shortly(error)}). Export it again with a dynamic "
            "first axis"
        ) from None
    alone, together = np.concatenate(rows[:2]) if rows[0].shape == rows[1].shape else rows[0], rows[2]
    if together.shape != (2, n_features) or alone.shape != together.shape:
        raise BackboneError(
            f"its features for two photos have shape {together.shape}, need (2, {n_features}): its batch size is "
            "fixed. Export it again with a dynamic first axis"
        )
    if not np.isfinite(together).all():
        raise BackboneError("its features are not all finite")
    if np.abs(alone - together).max() > TOLERANCE * max(1e-6, np.abs(alone).max()):
        raise BackboneError("its features of a photo depend on the others in the batch: export it for inference")
    if np.array_equal(*together):
        raise BackboneError("it gives the same features for two photos that differ, so its weights are not trained")
    return together


def find_sizes(network: bytes, side_px: int, n_features: int) -> tuple[int, int]:
    """Return the least and greatest image size that the network takes; both its own if it takes no other."""
    part = take_below(_read(network), "features")
    least, most = min(SMALLEST_PX, side_px), max(LARGEST_PX, side_px)
    for size in (least, side_px + 1, most):  # one more: what is halved and doubled again needs even sizes
        try:
            part.reshape([1, size, size, 3])
            if list(part.output(0).get_shape()) != [1, n_features]:
                return side_px, side_px
        except RuntimeError:  # layers that are made for one size
            return side_px, side_px
    return least, most


def _read(network: bytes) -> openvino.Model:
    try:
        return get_core().read_model(network)
    except RuntimeError as error:
        raise BackboneError(f"the engine cannot read it ({_say_shortly(error)})") from None


def _say_shortly(error: Any) -> str:
    """Return the last line of an engine's message that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ascii(lines[-1] if lines else type(error).__name__)[1:-1][:120]
