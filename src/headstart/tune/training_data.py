"""The data of a training above a cut: activations, and the photos and classes that use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class ActivationSource(Protocol):
    """Activations of N photos in V views, such as `features.activations.Activations`."""

    @property
    def array(self) -> npt.NDArray[Any]:
        """(V, N, H, W, C) activations, or pixels."""
        ...

    def take(self, views: npt.NDArray[np.int64], photos: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Return the (B, H, W, C) activations of B pairs of view and photo."""
        ...

    def release(self) -> None:
        """Release the memory that reading has filled."""
        ...


@dataclass(frozen=True, eq=False)
class TrainingData:
    """M photos to train or to validate on.

    Attributes
    ----------
    photos
        (M,) int64: their indices in the activations.
    y
        (M,) int64: their class numbers.
    weight
        (M,) float64: their weights in the loss.
    """

    photos: npt.NDArray[np.int64]
    y: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]
