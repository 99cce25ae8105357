"""Convert every colour mode to RGB of 8 bits, by one rule for each mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from headstart.errors import PhotoError
from headstart.pixels.sample_values import DEEP_MODES, SampleRange

if TYPE_CHECKING:
    from PIL import Image

FULL_RANGE = SampleRange()


def convert_to_rgb(image: Image.Image, samples: SampleRange = FULL_RANGE) -> Image.Image:
    """Convert a decoded image to RGB.

    Transparent pixels are laid over white. Grey photos of more than 8 bits are scaled by their range, never by the
    brightest pixel, so that a dark photo stays dark:

    - Integers of 16 bits (modes I;16, I;16B, I;16L) or 32 (mode I) are divided by the white of their range: 65535, or
      4095 if they have a depth of 12 bits. Values above it become white.
    - Floats (mode F) are multiplied by 255 if all lie in 0..1, and kept if all lie in 0..255.

    Raises
    ------
    PhotoError
        If an integer photo has values outside 0..65535, or a float photo outside 0..255, or NaN or infinity.
    """
    from PIL import Image

    # in these two modes, Pillow's own conversion clips everything above 255 to white
    if image.mode in DEEP_MODES or image.mode == "F":
        values = np.asarray(image)
        grey = _round(_scale_floats(values) if image.mode == "F" else _scale_integers(values, samples.depth))
        return Image.fromarray(255 - grey if samples.is_inverted else grey).convert("RGB")
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        canvas = Image.new("RGB", image.size, "white")
        canvas.paste(with_alpha, mask=with_alpha.getchannel("A"))
        return canvas
    return image.convert("RGB")


def _scale_integers(values: npt.NDArray[np.integer], depth: int) -> npt.NDArray[np.float32]:
    low, high = values.min(initial=0), values.max(initial=0)
    if low < 0 or high > 65535:
        raise PhotoError(f"photo with whole numbers from {low:,} to {high:,}, need 0 to 65,535")
    white = 2**depth - 1
    scaled: npt.NDArray[np.float32] = np.minimum(values, white) / np.float32(white / 255)
    return scaled


def _scale_floats(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    low, high = values.min(initial=0), values.max(initial=0)  # NaN if any value is NaN
    if not (np.isfinite(low) and np.isfinite(high)):
        raise PhotoError("float photo with values that are not finite, need 0 to 1 or 0 to 255")
    if low < 0 or high > 255:
        low, high = values.min(), values.max()
        raise PhotoError(f"float photo with values from {low:g} to {high:g}, need 0 to 1 or 0 to 255")
    return values * np.float32(255) if high <= 1 else values


def _round(values: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    rounded: npt.NDArray[np.uint8] = np.rint(values).astype(np.uint8)
    return rounded
