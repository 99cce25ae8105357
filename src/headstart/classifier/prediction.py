"""The prediction for one photo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headstart.classifier.refusal import NONE_OF_THESE


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction for one photo.

    Attributes
    ----------
    path
        Path of the photo, or None for a picture in memory.
    label, probability
        The class and its probability, or None if the photo cannot be read. The class is the most probable one, unless
        the classifier has a working point. If the photo is refused, it is the nearest class: see ``answer``.
    probabilities
        Probability of every class: the answer first, then the most probable.
    error
        Reason why the photo cannot be read, or None.
    warning
        Why a part of the photo may be garbled although it was read, or None.
    decided_by
        Why the answer is not the most probable class, such as "by the working point of 'defective': at least 3.1%".
        None: it is.
    novelty
        Share of the classifier's own photos that are at least as strange, 0 to 1: 0.01 means 1 in 100 of them. None:
        the classifier cannot tell, or the photo cannot be read.
    is_known
        Whether the photo is like those that the classifier was trained on. False: it is refused, because it is stranger
        than the share that may be refused. True for a classifier that cannot tell.
    label_set
        Labels among which the right one is as often as was asked for: the answer first, then the most probable. None:
        that was not asked for, or the photo is refused or cannot be read.
    """

    path: Path | None
    label: str | None
    probability: float | None
    probabilities: dict[str, float]
    error: str | None = None
    warning: str | None = None
    decided_by: str | None = None
    novelty: float | None = None
    is_known: bool = True
    label_set: tuple[str, ...] | None = None

    @property
    def answer(self) -> str | None:
        """The label; ``none of these`` if the photo is refused; None if it cannot be read."""
        return self.label if self.is_known else NONE_OF_THESE

    def top(self, n: int = 5) -> list[tuple[str, float]]:
        """Return the answer and the most probable other classes, ``n`` in all, with their probabilities."""
        return list(self.probabilities.items())[:n]
