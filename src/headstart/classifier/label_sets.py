"""Label sets: as many labels as are needed so that the right one is among them as often as was asked for.

Least ambiguous sets with bounded error (Sadinle, Lei and Wasserman 2019): the most probable label, and all labels whose
probability is at least a threshold, which held-out photos give (split conformal prediction). The level is an average
over the photos, not one for each class.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import floor
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.backbone.spec import find_problems
from headstart.classifier.refusal import count_needed
from headstart.errors import ClassifierError
from headstart.evaluation.intervals import wilson_interval
from headstart.evaluation.words import count_photos, format_percent
from headstart.head.unit_shares import UnitWeights

MAX_KNOTS = 200
MAX_UNITS = 1_000_000_000  # photos; more take long to compute with, or overflow
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

    @property
    def top_share_ci95(self) -> tuple[float, float]:
        """The 95% interval of ``top_share`` for new photos."""
        return wilson_interval(self.top_share * self.n_units, self.n_units)

    def expect(self, level: float) -> float:
        """Estimate the share of sets that hold the right label: the level, or ``top_share`` if that is higher.

        Only the level is promised. ``top_share`` was counted on a limited number of photos.
        """
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
            text = f"Cannot make label sets: got {level!r}, need a share above 0 and below 1, such as 0.9."
            raise ClassifierError(text)
        missed = 1 - level
        if not self.supports(level):
            most = floor(1000 * self.n_units / (self.n_units + 1)) / 10
            raise ClassifierError(
                f"Cannot promise the right label in {100 * level:g}% of the sets: this needs "
                f"{count_held_out(level):,} held-out photos, and there were {self.n_units:,}. Ask for {most:g}% or "
                "less, or train with more photos."
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
            "threshold; with a decision, its answer too. It has the right label for the share of photos in the key, or "
            "more, on average over photos like the classifier's own."
        )
        return json.dumps({"thresholds": table, "rule": rule, "n": self.n_units})

    def supports(self, level: float) -> bool:
        """Say whether there were enough held-out photos for a level."""
        return self.n_units >= count_held_out(level)

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
            if not 1 <= record["n_units"] <= MAX_UNITS:
                problems.append(f"n_units {record['n_units']!r:.40}, need 1 to {MAX_UNITS:,}")
        if problems:
            raise ValueError(f"label_sets: {'; '.join(problems[:3])}")
        return cls(tuple(record["probabilities"]), tuple(record["shares"]), record["n_units"], record["top_share"])

    def to_record(self) -> dict[str, Any]:
        """Return the label sets in plain JSON types."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]


def say_single_labels(sets: LabelSets, level: float) -> str:
    """Say that all sets have one label, because the most probable one is right as often as was asked for.

    Examples
    --------
    >>> print(say_single_labels(LabelSets((0.1,), (0.01,), 1400, 0.99), 0.9)[:70], "...")
    The most probable label alone was right for 99.0% of 1,400 held-out ph ...
    """
    low, high = map(format_percent, sets.top_share_ci95)
    return (
        f"The most probable label alone was right for {format_percent(sets.top_share)} of "
        f"{count_photos(sets.n_units, 'held-out')} ({low} to {high}), more than {100 * level:.4g}%: all sets have one "
        "label."
    )


def count_held_out(level: float) -> int:
    """Return the number of held-out photos that a level needs.

    Examples
    --------
    >>> count_held_out(0.9), count_held_out(0.99)
    (9, 99)
    """
    return count_needed(1 - level)


def calibrate_label_sets(
    is_right: npt.NDArray[np.bool_], probabilities: npt.NDArray[Any], units: Sequence[str] | None = None
) -> LabelSets | None:
    """Return label sets by held-out photos, or None without photos.

    Parameters
    ----------
    is_right
        (N,) bool: whether the most probable label is right.
    probabilities
        (N,) probability of the right label.
    units
        (N,) names of photos that count as one: groups and near copies. None: each photo alone.

    Examples
    --------
    >>> sets = calibrate_label_sets(np.arange(19) < 17, np.array([0.9] * 17 + [0.4, 0.2]))
    >>> sets.find_threshold(0.8), round(sets.find_threshold(0.95), 3), round(sets.expect(0.8), 2)
    (1.0, 0.2, 0.89)
    """
    if not len(is_right):
        return None
    rows = UnitWeights.weigh(len(is_right), units)
    missed = np.flatnonzero(~is_right)
    right = probabilities[missed].astype(np.float64)
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


def find_label_set(ranked: dict[str, float], threshold: float) -> tuple[str, ...]:
    """Return the labels of a set: the answer, the most probable label, and those of at least a threshold.

    Parameters
    ----------
    ranked
        Probability of each label: the answer first, then the most probable. The set has the same order.

    Examples
    --------
    >>> find_label_set({"glass": 0.6, "metal": 0.3, "paper": 0.1}, 0.25)
    ('glass', 'metal')
    >>> find_label_set({"metal": 0.3, "glass": 0.6, "paper": 0.1}, 0.5)  # answer of a working point
    ('metal', 'glass')
    """
    probabilities = list(ranked.values())
    return tuple(
        label
        for n, (label, p) in enumerate(ranked.items())
        if n == 0 or p >= threshold or (n == 1 and p > probabilities[0])
    )
