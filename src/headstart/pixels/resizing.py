"""Resize pixels, by one rule for every photo (docs/decisions/0003, 0008)."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.pixels.image_columns import ImageColumns
from headstart.process.packages import find_version

Pixels = npt.NDArray[np.uint8]
LARGE_BYTES = 6_000_000  # of RGB; larger photos are resized in blocks, so that no step copies the whole photo
_BLOCK_BYTES = 2_000_000
_LUMA = np.array([77, 150, 29], np.uint32)  # ITU-R BT.601, in 256ths
_this_thread = threading.local()  # a resizer keeps buffers, so each thread has one of its own


def resize_pixels(pixels: Pixels | ImageColumns, height: int, width: int) -> Pixels:
    """Resize RGB pixels by bicubic interpolation (Catmull-Rom) with antialiasing; nothing is cropped.

    Takes about 0.1 ms from 224 x 250 to 160 x 160, a quarter of Pillow's time, and releases the interpreter's lock.
    Pixels (H, W, 3) uint8 that have this size already are returned as the same object.

    Examples
    --------
    >>> resize_pixels(np.full((30, 40, 3), 7, np.uint8), 16, 16)[0, 0].tolist()
    [7, 7, 7]
    """
    if pixels.nbytes > LARGE_BYTES and pixels.shape[:2] != (height, width):
        return _resize_in_blocks(pixels, height, width)
    return _resize(pixels[:, :] if isinstance(pixels, ImageColumns) else pixels, height, width)


def shrink_to_grey(pixels: Pixels, size_px: int) -> Pixels:
    """Shrink RGB pixels (H, W, 3) to (``size_px``, ``size_px``) grey by the mean of each box. Takes about 0.1 ms."""
    from cykooz_resizer import FilterType, ImageData, PixelType, ResizeAlg, ResizeOptions

    resizer, _ = _get_resizer()
    options = ResizeOptions(resize_alg=ResizeAlg.convolution(FilterType.box), use_alpha=False)
    source = ImageData(pixels.shape[1], pixels.shape[0], PixelType.U8x3, pixels.tobytes())
    target = ImageData(size_px, size_px, PixelType.U8x3)
    resizer.resize(source, target, options)
    small = np.frombuffer(target.get_buffer(), np.uint8).reshape(size_px, size_px, 3)
    return ((small @ _LUMA + 128) >> 8).astype(np.uint8)


def _resize_in_blocks(pixels: Pixels | ImageColumns, height: int, width: int) -> Pixels:
    """Resize blocks of columns and then all rows, as the library does, which rounds to 8 bits between the two."""
    n_rows, n_columns = pixels.shape[:2]
    n_at_once = max(1, _BLOCK_BYTES // (3 * n_rows))
    resized = np.empty((height, n_columns, 3), np.uint8)
    for left in range(0, n_columns, n_at_once):
        block = pixels[:, left : left + n_at_once]
        resized[:, left : left + n_at_once] = _resize(block, height, block.shape[1])
    return _resize(resized, height, width)


def _resize(pixels: Pixels, height: int, width: int) -> Pixels:
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

    if not hasattr(_this_thread, "resizer"):
        bicubic = ResizeAlg.convolution(FilterType.catmull_rom)
        _this_thread.resizer, _this_thread.options = Resizer(), ResizeOptions(resize_alg=bicubic, use_alpha=False)
    return _this_thread.resizer, _this_thread.options


def describe_resizer() -> str:
    """Return the version of the library. It decides the pixels, with the rule; the processor does not (tested)."""
    return f"cykooz.resizer {find_version('cykooz.resizer', 'cykooz_resizer')}"
