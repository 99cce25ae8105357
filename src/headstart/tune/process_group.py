"""Who trains together: the workers that share out each step among them, so that it is a step on the whole batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from headstart.process.interrupts import listen_for_ctrl_c
from headstart.tune.device import choose_device


class Team:
    """A team of one: whoever trains alone takes the whole of each batch, and has nobody to tell.

    Attributes
    ----------
    rank
        The worker's own number, from 0. Only the first one writes files and speaks.
    size
        How many workers there are.
    """

    rank = 0
    size = 1

    def listen(self) -> AbstractContextManager[Callable[[], bool]]:
        """Give a function that says whether training is to stop: in each step the same to all workers."""
        return listen_for_ctrl_c()

    def share(self, n_rows: int) -> slice:
        """Return which rows of a batch are this worker's; of a small batch it may be none."""
        return slice(0, n_rows)

    def pool(self, module: nn.Module, moments: Sequence[Tensor], share: float, sums: list[float]) -> list[float]:
        """Make the gradients of a step those of the whole batch, and return sums over all workers.

        Parameters
        ----------
        module
            Whose gradients are those of the worker's share of the loss; it has none where the share is nothing.
        moments
            Means and variances that batch norms have learned from the worker's rows: all get the same, on average.
        share
            The part of the batch's rows that was the worker's, 0 to 1.
        """
        del module, moments, share
        return sums

    def join(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return what each worker has filled in of an array that was all zeros."""
        return rows

    def hand_out(self, load: Callable[[], Any]) -> Any:
        """Return to all workers what the first one loads."""
        return load()

    def describe(self, device: str) -> str:
        """Return what computes, for people."""
        return device


class LostTeamError(Exception):
    """Another worker of the team is gone: not to be explained to the user, but to be begun again."""


class TorchTeam(Team):
    """Workers that are connected by `torch.distributed`.

    One sum over all workers takes a step's gradients together with everything else that is to be known of it: what a
    message costs is mostly that it is sent.

    Parameters
    ----------
    wish
        Says whether this worker has been asked to stop. All stop after the step in which one is.
    """

    def __init__(self, rank: int, size: int, wish: Callable[[], bool] = lambda: False) -> None:
        self.rank, self.size, self._wish = rank, size, wish
        self._is_stopped = False

    @contextmanager
    def listen(self) -> Iterator[Callable[[], bool]]:
        """Give a function that says whether any worker had been asked to stop when the last step was shared."""
        yield lambda: self._is_stopped

    def share(self, n_rows: int) -> slice:
        """Return as many rows for each worker, or one more for some."""
        return slice(n_rows * self.rank // self.size, n_rows * (self.rank + 1) // self.size)

    @torch.no_grad()
    def pool(self, module: nn.Module, moments: Sequence[Tensor], share: float, sums: list[float]) -> list[float]:
        """Add up gradients, averages and sums of all workers."""
        parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        filled = [parameter.grad for parameter in parameters if parameter.grad is not None]
        numbers = filled[0].new_tensor([*sums, float(self._wish())])
        all_parts = [*filled, *moments, numbers]
        pooled = torch.cat([part.flatten() for part in (*filled, *(moment * share for moment in moments), numbers)])
        self._add_up(pooled)
        for part, value in zip(all_parts, torch.split(pooled, [part.numel() for part in all_parts]), strict=True):
            part.copy_(value.view_as(part))
        *sums, n_wishes = numbers.tolist()
        self._is_stopped = self._is_stopped or n_wishes > 0
        return sums

    def join(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Add up what the workers have filled in: a number and zeros give that number, exactly."""
        joined = torch.from_numpy(rows).to(
            choose_device()
        )  # where GPUs talk to each other, they do so of what they hold
        self._add_up(joined)
        return joined.cpu().numpy()

    def hand_out(self, load: Callable[[], Any]) -> Any:
        """Send all workers what the first one loads; the others load nothing."""
        found = [load() if self.rank == 0 else None]
        self._send_first(found)
        return found[0]

    def describe(self, device: str) -> str:
        """Return how many devices compute."""
        return f"{self.size} workers, each {device}" if self.size > 1 else device

    def _add_up(self, numbers: Tensor) -> None:
        """Put the sum over all workers into a tensor: the same bits in all."""
        with _lose_team():
            torch.distributed.all_reduce(numbers)

    def _send_first(self, found: list[Any]) -> None:
        """Put into a list of one what the first worker's has."""
        with _lose_team():
            torch.distributed.broadcast_object_list(found)


@contextmanager
def _lose_team() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # torch has no error of its own for it
        raise LostTeamError(str(error)) from error
