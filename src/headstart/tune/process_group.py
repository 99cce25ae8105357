"""Processes that share each step of a training: together they take the step of the whole batch."""

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


class ProcessGroup:
    """A group of one process, which computes the whole of each batch.

    Attributes
    ----------
    rank
        Number of this process in its group, from 0. Only rank 0 writes files and prints.
    size
        Number of processes.
    """

    rank = 0
    size = 1

    def listen_for_stop(self) -> AbstractContextManager[Callable[[], bool]]:
        """Give a function that says whether training should stop. It answers the same in all processes."""
        return listen_for_ctrl_c()

    def choose_rows(self, n_rows: int) -> slice:
        """Return the rows of a batch that this process computes; none if the batch is smaller than the group."""
        return slice(0, n_rows)

    def reduce_step(self, module: nn.Module, moments: Sequence[Tensor], share: float, sums: list[float]) -> list[float]:
        """Replace each process's gradients by those of the whole batch, and return the sums over all processes.

        Parameters
        ----------
        module
            Network with the gradients of this process's part of the loss; without gradients if it has no rows.
        moments
            Means and variances that batch norms learned from this process's rows. All processes get the average.
        share
            Share of the batch's rows that this process computed, 0 to 1.
        """
        del module, moments, share
        return sums

    def gather_rows(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return an array with the rows that each process filled in; all other rows of a process are zeros."""
        return rows

    def broadcast(self, load: Callable[[], Any]) -> Any:
        """Return to all processes what rank 0 loads."""
        return load()

    def describe(self, device: str) -> str:
        """Return the devices that compute, in words."""
        return device


class LostProcessError(Exception):
    """Another process of the group is gone. The training is to be started again; the user need not know."""


class TorchProcessGroup(ProcessGroup):
    """Processes that are connected by `torch.distributed`.

    One all-reduce takes a step's gradients together with all other numbers of the step, because a message costs mostly
    its latency.

    Parameters
    ----------
    is_stop_requested
        Says whether this process has been asked to stop. All processes stop after the step in which one was asked.
    """

    def __init__(self, rank: int, size: int, is_stop_requested: Callable[[], bool] = lambda: False) -> None:
        self.rank, self.size, self._is_stop_requested = rank, size, is_stop_requested
        self._is_stopped = False

    @contextmanager
    def listen_for_stop(self) -> Iterator[Callable[[], bool]]:
        """Give a function that says whether any process had been asked to stop when the last step was reduced."""
        yield lambda: self._is_stopped

    def choose_rows(self, n_rows: int) -> slice:
        """Return an equal part of the rows for each process; some have one row more."""
        return slice(n_rows * self.rank // self.size, n_rows * (self.rank + 1) // self.size)

    @torch.no_grad()
    def reduce_step(self, module: nn.Module, moments: Sequence[Tensor], share: float, sums: list[float]) -> list[float]:
        """Add up the gradients, averages and sums of all processes."""
        parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        filled = [parameter.grad for parameter in parameters if parameter.grad is not None]
        numbers = filled[0].new_tensor([*sums, float(self._is_stop_requested())])
        all_parts = [*filled, *moments, numbers]
        pooled = torch.cat([part.flatten() for part in (*filled, *(moment * share for moment in moments), numbers)])
        self._all_reduce(pooled)
        for part, value in zip(all_parts, torch.split(pooled, [part.numel() for part in all_parts]), strict=True):
            part.copy_(value.view_as(part))
        *sums, n_requests = numbers.tolist()
        self._is_stopped = self._is_stopped or n_requests > 0
        return sums

    def gather_rows(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Add up the arrays of all processes: a number plus zeros is that number, exactly."""
        gathered = torch.from_numpy(rows).to(choose_device())  # GPUs exchange only tensors in their own memory
        self._all_reduce(gathered)
        return gathered.cpu().numpy()

    def broadcast(self, load: Callable[[], Any]) -> Any:
        """Send to all processes what rank 0 loads; the others load nothing."""
        found = [load() if self.rank == 0 else None]
        self._broadcast_first(found)
        return found[0]

    def describe(self, device: str) -> str:
        """Return the number of processes and the device of each."""
        return f"{self.size} workers, each {device}" if self.size > 1 else device

    def _all_reduce(self, numbers: Tensor) -> None:
        """Replace a tensor by its sum over all processes: the same bits in each."""
        with _report_lost_process():
            torch.distributed.all_reduce(numbers)

    def _broadcast_first(self, found: list[Any]) -> None:
        """Replace the only item of a list by that of rank 0."""
        with _report_lost_process():
            torch.distributed.broadcast_object_list(found)


@contextmanager
def _report_lost_process() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # torch has no error class of its own for it
        raise LostProcessError(str(error)) from error
