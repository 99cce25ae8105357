"""The choice of the epoch whose weights are kept: the best one, or the start if the gain is within noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from headstart.head.temperature import choose_factor, compute_log_losses

State = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class EpochWeights:
    """The weights after an epoch, with their validation losses.

    Attributes
    ----------
    epoch
        Number of the epoch; 0 is the start.
    state
        Copy of all weights.
    factor
        Calibration factor of the scores, see `choose_factor`.
    losses
        (N,) float64: log loss of each validation photo after calibration; empty without validation photos.
    """

    epoch: int
    state: State
    factor: float
    losses: npt.NDArray[np.float64]

    @property
    def loss(self) -> float:
        """Mean of the losses; infinite if it is not a number."""
        loss = float(self.losses.mean())
        return loss if np.isfinite(loss) else np.inf


class BestEpoch:
    """Keeps the best of the epochs offered so far, and compares it with the start.

    The best epoch has the least mean validation loss. Without validation photos it is the last epoch.

    Parameters
    ----------
    start
        Weights before the first epoch.
    is_random
        Whether the start is random. Then the first epoch always replaces it.
    n_errors
        Gain that the best epoch needs over the start, in standard errors of the mean difference of losses. Below 0: it
        may be worse by as many, because a gain is expected.

    Attributes
    ----------
    found
        The best weights so far.
    """

    def __init__(self, start: EpochWeights, *, is_random: bool, n_errors: float) -> None:
        self._start, self._is_random, self._n_errors = start, is_random, n_errors
        self.found = start

    def offer(self, candidate: EpochWeights) -> bool:
        """Keep the candidate if it is the best so far. Return whether it is."""
        is_first = self.found is self._start and (self._is_random or self._n_errors < 0)
        is_best = not len(candidate.losses) or candidate.loss < (np.inf if is_first else self.found.loss)
        if is_best:
            self.found = candidate
        return is_best

    def choose(self) -> EpochWeights:
        """Return the best weights, or the start if the gain over it is within noise."""
        if self._is_random or not len(self.found.losses):
            return self.found
        gain = self._start.losses - self.found.losses
        # from one photo the noise cannot be estimated, so its gain does not count
        noise = self._n_errors and self._n_errors * (gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else np.inf)
        return self.found if gain.mean() > noise else self._start


def evaluate_weights(
    module: nn.Module, epoch: int, scores: npt.NDArray[np.float32], y: npt.NDArray[np.int64]
) -> EpochWeights:
    """Return a copy of a network's weights with the losses of its (N, C) scores for (N,) class numbers."""
    factor = choose_factor(scores, y)
    return EpochWeights(epoch, copy_state(module), factor, compute_log_losses(factor * scores, y))


def copy_state(module: nn.Module) -> State:
    """Return a copy of all weights and buffers, such as the statistics of batch normalisation."""
    return {name: value.clone() for name, value in module.state_dict().items()}
