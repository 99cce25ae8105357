"""Pixels of one size become pixels of another: one rule for every photo (docs/decisions/0003, 0008)."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.process.packages import find_version

Pixels = npt.NDArray[np.uint8]
_own = threading.local()  # a resizer keeps buffers of its own, so each thread has one


def resize_pixels(pixels: Pixels, height: int, width: int) -> Pixels:
    """Scale both sides of RGB pixels, bicubic (Catmull-Rom) with antialiasing; nothing is cut off.

    About 0.1 ms from 224 x 250 to 160 x 160, a quarter of Pillow's time. Other threads go on meanwhile.

    Parameters
    ----------
    pixels
        (H, W, 3) uint8.

    Returns
    -------
    (``height``, ``width``, 3) uint8; ``pixels`` itself if it has this size already.

    Examples
    --------
    >>> resize_pixels(np.full((30, 40, 3), 7, np.uint8), 16, 16)[0, 0].tolist()
    [7, 7, 7]
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    from cykooz_resizer import ImageData, PixelType

    resizer, options = _get_resizer()
    source = ImageData(pixels.shape[1], pixels.shape[0], PixelType.U8x3, pixels.tobytes())
    target = ImageData(width, height, PixelType.U8x3)
    resizer.resize(source, target, options)
    return np.frombuffer(target.get_buffer(), np.uint8).reshape(height, width, 3)


def _get_resizer() -> tuple[Any, Any]:
    from cykooz_resizer import FilterType, ResizeAlg, ResizeOptions, Resizer

    if not hasattr(_own, "resizer"):
        bicubic = ResizeAlg.convolution(FilterType.catmull_rom)
        _own.resizer, _own.options = Resizer(), ResizeOptions(resize_alg=bicubic, use_alpha=False)
    return _own.resizer, _own.options


def describe_resizer() -> str:
    """Return what decides the pixels besides the rule; the processor's instructions do not (a test holds it)."""
    return f"cykooz.resizer {find_version('cykooz.resizer', 'cykooz_resizer')}"
