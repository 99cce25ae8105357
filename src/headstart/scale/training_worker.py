"""What each worker of a training on Ray runs: it opens the activations on its machine, and trains with the others."""

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

REPORT_EVERY_S = 0.3


def run_training_worker(job: dict[str, Any]) -> None:
    """Compute a worker's part of a task. The first worker stores the result in the message actor.

    Keys of the job: ``task``, a reference to the `TuningTask`; ``messages``, the `MessageActor`; ``n_cores``.
    """
    limit_cores(job["n_cores"])
    task: TuningTask = ray.get(job["task"])
    context = ray.train.get_context()
    sender = _MessageSender(job["messages"])
    if context.get_world_rank() == 0 and ray.get(job["messages"].count_start.remote()) > 1:
        sender.say("A worker died: all workers start again from the last checkpoint.")
    activations = _open_activations(task, sender if context.get_world_rank() == 0 else None)
    group: ProcessGroup = TorchProcessGroup(context.get_world_rank(), context.get_world_size(), sender.is_stopping)
    result = task.fit(activations, group=group, progress=sender.report_progress, say=sender.say)
    if group.rank == 0:
        ray.get(job["messages"].store_result.remote(result))


def _open_activations(task: TuningTask, sender: _MessageSender | None) -> Activations:
    """Open the activations. On each machine one worker computes them, and the others read its file."""
    is_first = ray.train.get_context().get_local_rank() == 0 or not task.cache
    activations = None
    if is_first:
        activations = task.open(sender.report_progress) if sender is not None else task.open()
    ray.train.collective.barrier()
    return activations if activations is not None else task.open()


class _MessageSender:
    """Sends messages to the actor without waiting. The answer to a progress report is read later."""

    def __init__(self, messages: Any) -> None:
        self._messages, self._sent_at, self._is_stopping = messages, 0.0, False
        self._answer: Any = None

    def say(self, text: str) -> None:
        self._messages.add_line.remote(text)

    def report_progress(self, n_done: int, n_total: int) -> None:
        now = time.monotonic()
        if now - self._sent_at < REPORT_EVERY_S and n_done < n_total:
            return
        self._sent_at = now
        self.is_stopping()
        self._answer = self._messages.report_progress.remote(n_done, n_total)

    def is_stopping(self) -> bool:
        if self._answer is not None and ray.wait([self._answer], timeout=0)[0]:
            self._is_stopping = self._is_stopping or bool(ray.get(self._answer))
            self._answer = None
        return self._is_stopping
