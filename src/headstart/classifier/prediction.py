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
        Most probable class and its probability, or None if the photo cannot be read.
    probabilities
        Probability of every class, the most probable first.
    error
        Reason why the photo cannot be read, or None.
    warning
        Why a part of the photo may be garbled although it was read, or None.
    """

    path: Path | None
    label: str | None
    probability: float | None
    probabilities: dict[str, float]
    error: str | None = None
    warning: str | None = None

    def top(self, n: int = 5) -> list[tuple[str, float]]:
        """Return the ``n`` most probable classes with their probabilities."""
        return list(self.probabilities.items())[:n]
