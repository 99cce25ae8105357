"""The weights that are kept of a training: the best epoch's, unless only noise sets it above the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from headstart.tune.temperature import choose_factor, compute_log_losses

State = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Candidate:
    """Weights, and how they did on the validation photos.

    Attributes
    ----------
    epoch
        After which they are; 0 of the start.
    factor
        What scores are multiplied by to be as confident as they should.
    losses
        (N,) float64: the log loss of each validation photo, its scores so multiplied; empty without such photos.
    """

    epoch: int
    state: State
    factor: float
    losses: npt.NDArray[np.float64]

    @property
    def loss(self) -> float:
        """The mean; infinite if it is not a number."""
        loss = float(self.losses.mean())
        return loss if np.isfinite(loss) else np.inf


class Best:
    """The start and the best epoch, which is the one with the least mean log loss, or the last without such losses.

    Parameters
    ----------
    start
        What training begins with.
    is_random
        It is no better than chance: any epoch betters it.
    n_errors
        The standard errors of the mean difference by which the losses of the best must be lower than the start's.

    Attributes
    ----------
    found
        The best so far.
    """

    def __init__(self, start: Candidate, *, is_random: bool, n_errors: float) -> None:
        self._start, self._is_random, self._n_errors = start, is_random, n_errors
        self.found = start

    def offer(self, candidate: Candidate) -> bool:
        """Keep it if it is the best so far, and say whether it is."""
        is_worthless = self._is_random and self.found is self._start
        is_best = not len(candidate.losses) or candidate.loss < (np.inf if is_worthless else self.found.loss)
        if is_best:
            self.found = candidate
        return is_best

    def choose(self) -> Candidate:
        """Return the best, or the start if only noise sets the best above it."""
        if self._is_random or not len(self.found.losses):
            return self.found
        gain = self._start.losses - self.found.losses
        # one photo shows no noise, and so proves nothing
        noise = self._n_errors and self._n_errors * (gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else np.inf)
        return self.found if gain.mean() > noise else self._start


def judge(module: nn.Module, epoch: int, scores: npt.NDArray[np.float32], y: npt.NDArray[np.int64]) -> Candidate:
    """Return a copy of weights with how they did: (N, C) scores for (N,) class numbers."""
    factor = choose_factor(scores, y)
    return Candidate(epoch, copy_state(module), factor, compute_log_losses(factor * scores, y))


def copy_state(module: nn.Module) -> State:
    """Return a copy of all weights."""
    return {name: value.clone() for name, value in module.state_dict().items()}
