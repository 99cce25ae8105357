"""The prediction for one photo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction for one photo.

    Attributes
    ----------
    path
        Path of the photo, or None for a picture in memory.
    label, probability
        The answer and its probability, or None if the photo cannot be read. The answer is the most probable class,
        unless the classifier has a working point.
    probabilities
        Probability of every class: the answer first, then the most probable.
    error
        Reason why the photo cannot be read, or None.
    warning
        Why a part of the photo may be garbled although it was read, or None.
    decided_by
        Why the answer is not the most probable class, such as "by the working point of 'defective': at least 3.1%".
        None: it is.
    """

    path: Path | None
    label: str | None
    probability: float | None
    probabilities: dict[str, float]
    error: str | None = None
    warning: str | None = None
    decided_by: str | None = None

    def top(self, n: int = 5) -> list[tuple[str, float]]:
        """Return the answer and the most probable other classes, ``n`` in all, with their probabilities."""
        return list(self.probabilities.items())[:n]
