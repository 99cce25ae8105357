"""What training above a cut gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from headstart.head.history import Epoch
from headstart.head.linear import LinearHead


@dataclass(frozen=True, eq=False)
class Tuned:
    """What training above a cut gave.

    Attributes
    ----------
    weights
        All weights above the cut by their names in the graph.
    history
        Training is the running mean over an epoch, as it was learning; Validation is of the running mean of the
        weights, at epoch 0 of the start.
    best_epoch
        The epoch whose weights these are; 0 is the start.
    n_epochs
        That were trained; fewer than the recipe's if it stopped early.
    is_stopped
        Whether the user stopped it.
    device
        What computed it: the name of a GPU, or how many cores.
    factor
        What the head was multiplied by to be as confident as it should; 1 without validation photos.
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
