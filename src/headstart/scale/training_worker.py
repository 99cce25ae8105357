"""What each worker of a training on Ray does: open the activations where it is, and train with the others."""

from __future__ import annotations

import time
from typing import Any

import ray
import ray.train
import ray.train.collective

from headstart.features.activations import Activations
from headstart.process.cores import limit_cores
from headstart.tune.process_group import ProcessGroup, TorchProcessGroup
from headstart.tune.task import TuningTask

EVERY_S = 0.3  # between two messages on how far it is


def train_in_team(job: dict[str, Any]) -> None:
    """Do a worker's part of a task; the first worker leaves the result at the post.

    Parameters
    ----------
    job
        ``task``, a reference to the `TuningTask`; ``post``, the actor; and ``n_cores``, which are this worker's.
    """
    limit_cores(job["n_cores"])
    task: TuningTask = ray.get(job["task"])
    context = ray.train.get_context()
    line = _Line(job["post"])
    if context.get_world_rank() == 0 and ray.get(job["post"].begin.remote()) > 1:
        line.say("A worker was lost: all begin again, from the last epoch that was kept.")
    activations = _open(task, line if context.get_world_rank() == 0 else None)
    group: ProcessGroup = TorchProcessGroup(context.get_world_rank(), context.get_world_size(), line.is_to_stop)
    result = task.fit(activations, group=group, progress=line.note, say=line.say)
    if group.rank == 0:
        ray.get(job["post"].deliver.remote(result))


def _open(task: TuningTask, line: _Line | None) -> Activations:
    """Open the activations; of the workers on one machine only one computes them, and the others find its file."""
    is_first = ray.train.get_context().get_local_rank() == 0 or not task.cache
    activations = None
    if is_first:
        activations = task.open(line.note) if line is not None else task.open()
    ray.train.collective.barrier()
    return activations if activations is not None else task.open()


class _Line:
    """A worker's line to the user: messages go without waiting for an answer, which is read when it is there."""

    def __init__(self, post: Any) -> None:
        self._post, self._last, self._is_to_stop = post, 0.0, False
        self._answer: Any = None

    def say(self, text: str) -> None:
        self._post.tell.remote(text)

    def note(self, n_done: int, n_total: int) -> None:
        now = time.monotonic()
        if now - self._last < EVERY_S and n_done < n_total:
            return
        self._last = now
        self.is_to_stop()
        self._answer = self._post.note.remote(n_done, n_total)

    def is_to_stop(self) -> bool:
        if self._answer is not None and ray.wait([self._answer], timeout=0)[0]:
            self._is_to_stop = self._is_to_stop or bool(ray.get(self._answer))
            self._answer = None
        return self._is_to_stop
