"""What is trained on: where activations come from, and which photos with which labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class ActivationSource(Protocol):
    """Where activations come from; `features.activations.Activations` is one."""

    @property
    def array(self) -> npt.NDArray[Any]:
        """(V, N, H, W, C)."""
        ...

    def take(self, views: npt.NDArray[np.int64], photos: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Return (B, H, W, C)."""
        ...

    def release(self) -> None:
        """Give back the memory that reading has filled."""
        ...


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The photos to train on or to watch.

    Attributes
    ----------
    photos
        (M,) int64 numbers of photos in the activations.
    y
        (M,) int64 class numbers.
    weight
        (M,) float64: how much each counts in the loss.
    """

    photos: npt.NDArray[np.int64]
    y: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]
