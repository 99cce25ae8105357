"""Draw a heat map over its photo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# from no heat to full heat: transparent, dark red, orange, yellow
_STOPS = (0.0, 0.35, 0.7, 1.0)
_COLOURS = ((60, 0, 20), (152, 18, 32), (240, 120, 20), (255, 225, 70))
_OPACITY = 0.72


def overlay_heat_map(
    photo: NDArray[np.uint8], heat: NDArray[np.float32], *, full_heat: float | None = None
) -> NDArray[np.uint8]:
    """Draw the evidence for a class over its photo.

    Parameters
    ----------
    photo
        (H, W, 3) uint8.
    heat
        (h, w), of any size. Only values above 0 are shown.
    full_heat
        Value of the brightest colour. Default: the largest in ``heat``.

    Returns
    -------
    (H, W, 3) uint8.
    """
    from PIL import Image

    height, width = photo.shape[:2]
    top = full_heat or max(float(heat.max()), 1e-9)
    share = np.clip(heat / top, 0, 1).astype(np.float32)
    smooth = np.asarray(Image.fromarray(share).resize((width, height), Image.Resampling.BILINEAR))
    colours = np.stack([np.interp(smooth, _STOPS, channel) for channel in np.transpose(_COLOURS)], axis=-1)
    opacity = _OPACITY * np.sqrt(smooth)[..., None]
    grey = photo.mean(2, keepdims=True) * 0.55 + photo * 0.45
    mixed: NDArray[np.uint8] = np.rint(grey * (1 - opacity) + colours * opacity).astype(np.uint8)
    return mixed
