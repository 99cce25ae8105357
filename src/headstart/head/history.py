"""The curves of a training: one record an epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

MAX_POINTS = 100  # of each curve of the history


@dataclass(frozen=True, slots=True)
class Epoch:
    """One point of the training curves; its fields are the columns Data, Epoch, Accuracy and Loss.

    Attributes
    ----------
    data
        Evaluated photos: ``Training`` or ``Validation``.
    epoch
        Number of passes over the photos, or of iterations of a solver. 0 is the state before training above a cut.
    accuracy
        0 to 1.
    loss
        Mean log loss in nats.
    """

    data: Literal["Training", "Validation"]
    epoch: int
    accuracy: float
    loss: float


def thin_history(history: list[Epoch]) -> tuple[Epoch, ...]:
    """Return at most `MAX_POINTS` evenly spaced points of each curve, the first and the last among them."""
    last = max((epoch.epoch for epoch in history), default=0)
    kept = set(np.linspace(1, last, min(last, MAX_POINTS)).round().astype(int).tolist())
    return tuple(epoch for epoch in history if epoch.epoch in kept)
