"""The Ray actor that carries messages between the first worker of a training and the user's program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Messages:
    """Messages of the worker since the last call."""

    lines: tuple[str, ...]
    progress: tuple[int, int] | None  # number of steps done, and in all; None if neither has changed


class MessageActor:
    """Holds messages until the other side takes them."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._progress: tuple[int, int] | None = None
        self._is_stopping = False
        self._result: Any = None
        self._n_starts = 0

    def count_start(self) -> int:
        """Count a start of the first worker, and return the number of its starts."""
        self._n_starts += 1
        return self._n_starts

    def add_line(self, line: str) -> None:
        """Add a line for the user."""
        self._lines.append(line)

    def report_progress(self, n_done: int, n_total: int) -> bool:
        """Note the worker's progress, and return whether the training is to stop."""
        self._progress = (n_done, n_total)
        return self._is_stopping

    def store_result(self, result: Any) -> None:
        """Store the result of the training."""
        self._result = result

    def take_messages(self, stop: bool) -> Messages:
        """Return and remove the messages of the worker; with ``stop``, ask the training to stop."""
        self._is_stopping = self._is_stopping or stop
        messages = Messages(tuple(self._lines), self._progress)
        self._lines, self._progress = [], None
        return messages

    def get_result(self) -> Any:
        """Return the result of the training."""
        return self._result
