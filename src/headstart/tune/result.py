"""The result of a training above a cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.head.history import Epoch
from headstart.head.linear import LinearHead


@dataclass(frozen=True, eq=False, kw_only=True)
class TuningResult:
    """The weights that a training above a cut returns, and how it went.

    Attributes
    ----------
    weights
        All weights above the cut, by their names in the graph.
    head
        Head for the features of these weights.
    history
        One row per epoch and kind of data. Training: the mean over the epoch's batches, as they were learned.
        Validation: the running mean of the weights after the epoch; epoch 0 is the start.
    best_epoch
        Number of the epoch that the weights are from; 0 is the start.
    n_epochs
        Number of finished epochs; fewer than planned if training stopped early.
    is_stopped
        Whether the user stopped it.
    seconds_per_epoch
        Median time of an epoch, without validation.
    device
        Name of the GPU, or the number of cores.
    factor
        Calibration factor that the head's scores were multiplied by; 1 without validation photos.
    """

    weights: dict[str, npt.NDArray[np.float32]]
    head: LinearHead
    history: tuple[Epoch, ...]
    best_epoch: int
    n_epochs: int
    is_stopped: bool
    seconds_per_epoch: float
    device: str
    factor: float = 1.0
