"""All that decides a training above a cut: its activations, its photos and classes, its first head and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from headstart.tune.hyperparameters import Hyperparameters


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


@dataclass(frozen=True, eq=False)
class FirstHead:
    """The linear head that training begins with, for D standardised features and C classes.

    Attributes
    ----------
    mean, scale
        (D,) float64: the standardised feature is (feature - mean) / scale.
    weights, bias
        (D, C) and (C,) float32, for standardised features.
    """

    mean: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]

    @classmethod
    def make_zero(cls, n_features: int, n_classes: int) -> FirstHead:
        """Return a head whose scores are all zero."""
        zeros = np.zeros((n_features, n_classes), np.float32)
        return cls(np.zeros(n_features), np.ones(n_features), zeros, zeros[0])


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingPlan:
    """What a training above a cut does, apart from the network and its activations.

    Attributes
    ----------
    cut
        Name of the last frozen stage, or ``pixels``.
    first_head
        Head that training begins with. With it, pretrained weights are a candidate for the best epoch.
    train
        Photos to train on.
    validation
        Photos that choose the best epoch, see `BestEpoch`. None: the last epoch is kept.
    seed
        Seed of the order of photos, their views and random changes, and random weights. Each epoch draws anew from the
        seed and the epoch's number, so a resumed training draws the same.
    n_symmetric
        Number of symmetric views that are equally valid photos, as `augment_pixels`.
    """

    cut: str
    hyperparameters: Hyperparameters
    first_head: FirstHead
    train: TrainingData
    validation: TrainingData | None
    seed: int
    n_symmetric: int = 1
