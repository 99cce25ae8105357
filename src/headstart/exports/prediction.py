"""The one function by which an export of any format predicts a photo, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.classifier.novelty_graph import NOVELTY

PROBABILITIES = "probabilities"
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class Outputs:
    """The outputs of a network for one photo.

    Attributes
    ----------
    probabilities
        (C,) float32.
    novelty
        Share of the classifier's own photos that are at least as strange, or None without this output.
    """

    probabilities: npt.NDArray[np.float32]
    novelty: float | None = None

    @classmethod
    def take(cls, outputs: Mapping[str, Any]) -> Outputs:
        """Take the outputs of a batch of one photo, by their names."""
        row = np.array(outputs[PROBABILITIES][0], np.float32)
        return cls(row, float(outputs[NOVELTY][0, 0]) if NOVELTY in outputs else None)


PredictOne = Callable[[Path, Pixels], Outputs]
"""From a photo file and its upright pixels, (H, W, 3) uint8 RGB of any size, to the outputs of the network.

Raises PhotoError if the export cannot read the file.
"""
