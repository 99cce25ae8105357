"""What training looked like on the way: one record an epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Epoch:
    """One point of the curves of training; its fields are the columns Data, Epoch, Accuracy and Loss.

    Attributes
    ----------
    data
        What was judged: ``Training`` or ``Validation``.
    epoch
        From 1: a pass over the photos, or an iteration of a solver. 0 is what training above a cut begins with.
    accuracy
        0 to 1.
    loss
        Mean log loss in nats.
    """

    data: Literal["Training", "Validation"]
    epoch: int
    accuracy: float
    loss: float
