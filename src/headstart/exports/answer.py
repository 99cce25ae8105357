"""How an export is asked about one photo, whatever its format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Answer = Callable[[Path, Pixels], npt.NDArray[np.float32]]
"""From a photo file and its upright pixels of any size, (H, W, 3) uint8 RGB, to (C,) float32 probabilities.

Raises PhotoError where the export cannot read the file.
"""
