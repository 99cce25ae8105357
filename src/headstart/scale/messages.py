"""The letter box between a training's first worker, somewhere on a cluster, and the program that its user looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Letters:
    """What came since the last time.

    Attributes
    ----------
    lines
        For the user.
    progress
        How much is done and how much there is to do, if that has changed.
    """

    lines: tuple[str, ...]
    progress: tuple[int, int] | None


class Post:
    """A Ray actor: what the worker leaves here the driver fetches, and the other way round."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._progress: tuple[int, int] | None = None
        self._is_to_stop = False
        self._result: Any = None
        self._n_begun = 0

    def begin(self) -> int:
        """Note that the worker has begun, and return how often it has."""
        self._n_begun += 1
        return self._n_begun

    def tell(self, line: str) -> None:
        """Leave a line for the user."""
        self._lines.append(line)

    def note(self, n_done: int, n_total: int) -> bool:
        """Leave how far it is, and return whether it is to stop."""
        self._progress = (n_done, n_total)
        return self._is_to_stop

    def deliver(self, result: Any) -> None:
        """Leave the result."""
        self._result = result

    def fetch(self, is_to_stop: bool) -> Letters:
        """Return what was left since the last time, and say whether the training is to stop."""
        self._is_to_stop = self._is_to_stop or is_to_stop
        letters = Letters(tuple(self._lines), self._progress)
        self._lines, self._progress = [], None
        return letters

    def collect(self) -> Any:
        """Return the result."""
        return self._result
