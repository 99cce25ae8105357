"""Label sets: as many labels as are needed so that the right one is among them as often as was asked for.

Least ambiguous sets with bounded error (Sadinle, Lei and Wasserman 2019): the most probable label, and all labels whose
probability is at least a threshold, which held-out photos give (split conformal prediction). The promise is an average
over the photos, not one for each class.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.spec import find_problems
from headstart.errors import ClassifierError
from headstart.evaluation.words import format_percent
from headstart.head.unit_shares import UnitWeights

MAX_KNOTS = 200
ROUNDING = 1e-9  # of shares
LEVELS = (0.8, 0.9, 0.95, 0.99)  # that other programs are told the thresholds of


@dataclass(frozen=True, slots=True)
class LabelSets:
    """The thresholds of label sets.

    Attributes
    ----------
    probabilities, shares
        Increasing probabilities of the right label of held-out photos where another label is more probable, and the
        share of new photos where this is so with at most this probability. Between them, shares are interpolated.
    n_units
        Number of held-out photos; photos of one group, and near copies, count as one.
    top_share
        Share of the held-out photos whose most probable label is right.
    """

    probabilities: tuple[float, ...]
    shares: tuple[float, ...]
    n_units: int
    top_share: float

    def promise(self, level: float) -> float:
        """Return the share of sets that hold the right label: the level, or ``top_share`` if that is higher."""
        return max(level, self.top_share)

    def find_threshold(self, level: float) -> float:
        """Return the probability from which labels are in the set, for a share of sets that hold the right label.

        It is 1 if the most probable label alone is right as often as that.

        Raises
        ------
        ClassifierError
            If the level is no share, or there were too few held-out photos for it.
        """
        if isinstance(level, bool) or not isinstance(level, int | float) or not 0 < level < 1:
            raise ClassifierError(f"Cannot make label sets: got {level!r}, need a share above 0 and below 1, as 0.9.")
        missed = 1 - level
        if self.n_units < count_needed(level):
            most = math.floor(1000 * self.n_units / (self.n_units + 1)) / 10
            raise ClassifierError(
                f"Cannot promise the right label in {100 * level:g}% of the sets: this needs {count_needed(level):,} "
                f"held-out photos, and there were {self.n_units:,}. Ask for {most:g}% or less, or train with more "
                "photos."
            )
        # of photos whose most probable label is wrong; one more than there were, as the next photo may be one
        n_missed = self.n_units * (1 - self.top_share) + 1
        if not self.shares or missed >= n_missed / (self.n_units + 1) - ROUNDING:
            return 1.0
        return float(np.interp(missed, self.shares, self.probabilities))

    def to_json(self) -> str:
        """Return thresholds for other programs as JSON, with a sentence on how they are used."""
        table = {f"{100 * level:g}%": self.find_threshold(level) for level in LEVELS if self.supports(level)}
        rule = (
            "The set of a photo is the most probable label, and all labels whose probability is at least the "
            "threshold. It has the right label for the share of photos in the key, or more, on average over photos."
        )
        return json.dumps({"thresholds": table, "rule": rule, "n": self.n_units})

    def supports(self, level: float) -> bool:
        """Say whether there were enough held-out photos for a level."""
        return self.n_units >= count_needed(level)

    @classmethod
    def from_record(cls, record: Any) -> LabelSets:
        """Read label sets from their record in JSON; raise ValueError (the reason alone) if it does not fit."""
        problems = find_problems(record, cls)
        if not problems:
            for name in ("probabilities", "shares"):
                values = record[name]
                if any(type(value) is not float or not 0 <= value <= 1 for value in values) or values != sorted(values):
                    problems.append(f"{name}, need increasing floats from 0 to 1")
            if len(record["probabilities"]) != len(record["shares"]):
                problems.append("need as many probabilities as shares")
            if type(record["top_share"]) is not float or not 0 <= record["top_share"] <= 1:
                problems.append(f"top_share {record['top_share']!r:.40}, need a float from 0 to 1")
            if record["n_units"] < 1:
                problems.append(f"n_units {record['n_units']}, need 1 or more")
        if problems:
            raise ValueError(f"label_sets: {'; '.join(problems[:3])}")
        return cls(tuple(record["probabilities"]), tuple(record["shares"]), record["n_units"], record["top_share"])

    def to_record(self) -> dict[str, Any]:
        """Return the label sets in plain JSON types."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]


def say_single_labels(level: float, promise: float) -> str:
    """Say that all sets have one label, if the most probable one is right more often than was asked for.

    Examples
    --------
    >>> print(say_single_labels(0.9, 0.992))
    The most probable label alone is right for 99.2% of held-out photos, and 90% was asked for: all sets have one label.
    """
    return (
        f"The most probable label alone is right for {format_percent(promise)} of held-out photos, and "
        f"{100 * level:.4g}% was asked for: all sets have one label."
    )


def count_needed(level: float) -> int:
    """Return the number of held-out photos that a level needs.

    Examples
    --------
    >>> count_needed(0.9), count_needed(0.99)
    (9, 99)
    """
    return math.ceil(round(1 / (1 - level), 6)) - 1


def calibrate_label_sets(
    y: npt.NDArray[np.int64], probabilities: npt.NDArray[Any], units: Sequence[str] | None = None
) -> LabelSets | None:
    """Return label sets by the probabilities (N, C) of held-out photos of classes (N,), or None without photos.

    Parameters
    ----------
    units
        (N,) names of photos that count as one: groups and near copies. None: each photo alone.

    Examples
    --------
    >>> probabilities = np.array([[0.9, 0.1]] * 17 + [[0.4, 0.6], [0.2, 0.8]])
    >>> sets = calibrate_label_sets(np.zeros(19, np.int64), probabilities)
    >>> sets.find_threshold(0.8), round(sets.find_threshold(0.95), 3), round(sets.promise(0.8), 2)
    (1.0, 0.2, 0.89)
    """
    if not len(y):
        return None
    rows = UnitWeights.weigh(len(y), units)
    missed = np.flatnonzero(probabilities.argmax(1) != y)
    right = probabilities[missed, y[missed]].astype(np.float64)
    order = np.argsort(right, kind="stable")
    at = _choose_knots(len(missed))
    shares = rows.measure_tails(missed[order])[at]
    top_share = 1 - float(rows.weights[missed].sum()) / rows.n_units
    return LabelSets(tuple(right[order][at].tolist()), tuple(shares.tolist()), rows.n_units, max(0.0, top_share))


def _choose_knots(n: int) -> npt.NDArray[np.int64]:
    """Return up to 200 of n positions, the most among the first: high levels use these."""
    if n <= MAX_KNOTS:
        return np.arange(n)
    return np.unique(np.concatenate([np.arange(50), np.geomspace(50, n - 1, MAX_KNOTS - 50).round().astype(np.int64)]))


def find_label_set(probabilities: dict[str, float], threshold: float) -> tuple[str, ...]:
    """Return the labels whose probability is at least a threshold, the most probable first; at least that one.

    Examples
    --------
    >>> find_label_set({"glass": 0.6, "metal": 0.3, "paper": 0.1}, 0.25)
    ('glass', 'metal')
    """
    ranked = sorted(probabilities, key=lambda label: -probabilities[label])
    return tuple(label for n, label in enumerate(ranked) if n == 0 or probabilities[label] >= threshold)
