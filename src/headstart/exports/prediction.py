"""The one function by which an export of any format predicts a photo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
PredictOne = Callable[[Path, Pixels], npt.NDArray[np.float32]]
"""From a photo file and its upright pixels, (H, W, 3) uint8 RGB of any size, to (C,) float32 probabilities.

Raises PhotoError if the export cannot read the file.
"""
