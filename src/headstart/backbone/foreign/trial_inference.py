"""Check a foreign network on noise: two photos must differ in their features, and not change those of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.foreign.onnx_reader import refuse_large_layer
from headstart.engine.cutting import take_below
from headstart.engine.openvino_import import get_core
from headstart.errors import BackboneError

if TYPE_CHECKING:
    import openvino

SMALLEST_PX, LARGEST_PX = 32, 1024
TOLERANCE = 1e-3  # relative to the largest feature: the order of sums may depend on the batch size


def measure_shapes(network: bytes, source: str, channel_axis: int, side_px: int) -> dict[str, list[int]]:
    """Return the shapes for one photo of all layers' outputs that are floats, by name."""
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
        raise BackboneError(f"it does not take photos of {side_px} pixels ({_shorten(error)})") from None
    for name, shape in shapes.items():
        refuse_large_layer(name, shape)
    return shapes


def make_noise(side_px: int) -> npt.NDArray[np.uint8]:
    """Return the pixels of two different photos of noise, (2, S, S, 3)."""
    pixels = np.random.default_rng(0).integers(0, 256, (2, side_px, side_px, 3), np.uint8)
    pixels[1] //= 4
    return pixels


def infer_trial(network: bytes, pixels: npt.NDArray[np.uint8], n_features: int) -> npt.NDArray[np.float32]:
    """Return the features of the two photos of `make_noise`, (2, D), after a check of their shape and values."""
    part = take_below(_read(network), "features")
    try:
        rows = []
        for batch in (pixels[:1], pixels[1:], pixels):
            part.reshape(list(batch.shape))
            compiled = get_core().compile_model(part, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
            rows.append(np.array(compiled([batch])[0], np.float32))
    except RuntimeError as error:
        raise BackboneError(
            f"it cannot be computed for two photos at once ({_shorten(error)}). Export it again with a dynamic "
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
        raise BackboneError("a photo's features depend on the other photos in the batch: export it for inference")
    if np.array_equal(*together):
        raise BackboneError("it gives the same features for two different photos, so its weights are not trained")
    return together


def find_sizes(network: bytes, side_px: int, n_features: int) -> tuple[int, int]:
    """Return the smallest and largest image size that the network takes. If it takes one size only, both are it."""
    part = take_below(_read(network), "features")
    smallest, largest = min(SMALLEST_PX, side_px), max(LARGEST_PX, side_px)
    for size in (smallest, side_px + 1, largest):  # one more: halving and doubling works for even sizes only
        try:
            part.reshape([1, size, size, 3])
            if list(part.output(0).get_shape()) != [1, n_features]:
                return side_px, side_px
        except RuntimeError:  # some layers fit one size only
            return side_px, side_px
    return smallest, largest


def _read(network: bytes) -> openvino.Model:
    try:
        return get_core().read_model(network)
    except RuntimeError as error:
        raise BackboneError(f"the engine cannot read it ({_shorten(error)})") from None


def _shorten(error: Any) -> str:
    """Return the last line of the engine's error that is not empty, at most 120 characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ascii(lines[-1] if lines else type(error).__name__)[1:-1][:120]
