"""Say when the photos that a classifier is given are no longer like its training photos.

Of photos like the training photos, a share t has a novelty of t or less. The test looks at a few such shares: those
refused, the strangest fifth and the stranger half. It raises an alarm if one of them has become larger.

Each photo multiplies the evidence for a larger share q by the ratio of the probabilities of what was seen: q / b if its
novelty is t or less, else (1 - q) / (1 - b). Before that, a little evidence is added, which is a bet on a change at
this photo (Shiryaev and Roberts; an e-detector of Shin, Ramdas and Rinaldo 2023). So the test finds a change after any
number of quiet photos as soon as one at the start, needs no window, and may look after each photo: while no share is
above its b, an alarm within m photos has a probability of at most m / ALARM. The shares of own photos are known only as
well as the number of photos that measured the novelty: b is a share's upper confidence bound for that number.

An alarm begins at ALARM and ends only far below, at ENDS, and the evidence grows on up to MOST: or else the evidence of
one lasting change would wander above and below one threshold, as many alarms. (In 4,000 photos of one change, 1 of 100
runs has a second alarm. It had 20 to 70.)

Measured and rejected: docs/decisions/0046-drift.md.

The pages have the same steps in JavaScript (exports/web/drift.js).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from headstart.evaluation.student_t import integrate_beta

SHARES = (0.2, 0.5)  # of own photos, beside the refused ones
STRANGEST = 0.05  # in place of the refused ones, if no photo is refused
ODDS = (2.0, 4.0, 8.0, 16.0, 64.0)  # of the larger shares against the odds of the bound
ALARM = 200_000.0
ENDS = ALARM / 1000  # of an alarm: far below its begin, and above the usual evidence of a quiet time
MOST = 1000 * ALARM  # of evidence, so that an alarm ends soon after the photos are as before
MISSED = 0.005  # probability that one of the bounds is too low
N_RECENT = 200
FALSE_ALARMS = (
    "In 1,000 photos like the training photos, a false alarm has a probability of at most 1 in 100; in "
    "100,000, of at most about 1 in 2. Photos that show the same, such as frames of one video, make it more probable."
)
NO_SIGN = "There is no sign that the photos are unlike the training photos."
ADVICE = (
    "These photos are not like the training photos. Look at them. If they belong to a class, old or new, train again "
    "with some of them."
)


@dataclass(frozen=True, slots=True)
class DriftTest:
    """What the evidence is multiplied by.

    Attributes
    ----------
    shares
        (J,) increasing shares t of own photos.
    bounds
        (J,) upper bounds b of the shares of own photos whose novelty is t or less.
    rises, falls
        (J, Q) factors for a photo whose novelty is t or less, and for another one.
    first
        Number of the share that is told while there is no alarm: the refused photos, if any photo is refused.
    """

    shares: tuple[float, ...]
    bounds: tuple[float, ...]
    rises: tuple[tuple[float, ...], ...]
    falls: tuple[tuple[float, ...], ...]
    first: int

    def to_page(self) -> dict[str, Any]:
        """Return the test and its constants for the pages."""
        return asdict(self) | {
            "alarm": ALARM, "ends": ENDS, "most": MOST, "nRecent": N_RECENT, "falseAlarms": FALSE_ALARMS,
            "advice": ADVICE, "noSign": NO_SIGN,
        }  # fmt: skip


def make_drift_test(n_units: int | None, refused_share: float | None) -> DriftTest | None:
    """Return the test of a classifier, or None if it cannot tell how strange a photo is.

    Parameters
    ----------
    n_units
        Number of photos that the novelty was measured on, or None if the classifier has no novelty.
    refused_share
        Share of own photos that may be refused, or None if no photo is refused.

    Examples
    --------
    >>> test = make_drift_test(2000, 0.01)
    >>> test.shares, [round(bound, 3) for bound in test.bounds]
    ((0.01, 0.2, 0.5), [0.018, 0.227, 0.533])
    """
    if n_units is None:
        return None
    first = STRANGEST if refused_share is None else refused_share
    shares = tuple(sorted({first, *SHARES}))
    bounds = tuple(bound_own_share(share, n_units, 1 - MISSED / len(shares)) for share in shares)
    larger = [[odds * b / (1 - b + odds * b) for odds in ODDS] for b in bounds]
    rises = tuple(tuple(q / b for q in row) for row, b in zip(larger, bounds, strict=True))
    falls = tuple(tuple((1 - q) / (1 - b) for q in row) for row, b in zip(larger, bounds, strict=True))
    return DriftTest(shares, bounds, rises, falls, shares.index(first))


def bound_own_share(share: float, n_units: int, confidence: float) -> float:
    """Return the upper bound of the share of own photos whose novelty is at most ``share``.

    With n units, the share of all own photos that score above the k-th strangest of them is distributed as
    Beta(k, n + 1 - k). The bound is its quantile, found by bisection.

    Examples
    --------
    >>> round(bound_own_share(0.05, 19, 0.9), 3)  # the strangest of 19: 1 - 0.1^(1/19)
    0.114
    """
    a, b = share * (n_units + 1), (1 - share) * (n_units + 1)
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if integrate_beta(middle, 1 - middle, a, b) < confidence else (low, middle)
    return high


class DriftWatch:
    """Running shares of the answers of a classifier, and the test on them. It keeps numbers, and no photos.

    Parameters
    ----------
    test
        As `make_drift_test` returns it.
    refused_share
        Share of own photos that may be refused, or None if no photo is refused.
    """

    def __init__(self, test: DriftTest | None, refused_share: float | None) -> None:
        self._test, self._refused_share = test, refused_share
        self._n_photos = self._n_refused = self._n_measured = self._n_alarms = 0
        self._novelty_sum = 0.0
        self._last_alarm: int | None = None
        self._last_end: int | None = None  # of an alarm
        self._is_drifting = False
        self._labels: dict[str, int] = {}
        self._recent: deque[float] = deque(maxlen=N_RECENT)  # novelties
        self._evidence = [] if test is None else [[0.0] * len(row) for row in test.rises]

    def add(self, label: str, novelty: float | None) -> None:
        """Count a photo by its label and its novelty, which is None if the classifier cannot tell."""
        self._n_photos += 1
        if novelty is not None and self._refused_share is not None and novelty <= self._refused_share:
            self._n_refused += 1
        else:
            self._labels[label] = self._labels.get(label, 0) + 1
        if novelty is not None and self._test is not None:
            self._n_measured += 1
            self._novelty_sum += novelty
            self._recent.append(novelty)
            self._weigh(self._test, novelty)

    def _weigh(self, test: DriftTest, novelty: float) -> None:
        added = 1 / sum(map(len, test.rises))
        total = 0.0
        for j, row in enumerate(self._evidence):
            factors = test.rises[j] if novelty <= test.shares[j] else test.falls[j]
            for i, factor in enumerate(factors):
                row[i] = (row[i] + added) * factor
                total += row[i]
        if total > MOST:
            self._evidence = [[value * (MOST / total) for value in row] for row in self._evidence]
        is_drifting = total >= (ENDS if self._is_drifting else ALARM)
        if is_drifting and not self._is_drifting:
            self._n_alarms += 1
            self._last_alarm = self._n_photos
        elif self._is_drifting and not is_drifting:
            self._last_end = self._n_photos
        self._is_drifting = is_drifting

    def describe(self) -> dict[str, Any]:
        """Return the state in plain JSON types; see `headstart.serve.response_models.Drift`."""
        recent, share = list(self._recent), self._refused_share
        n_refused = 0 if share is None else sum(novelty <= share for novelty in recent)
        return {
            "n_photos": self._n_photos, "n_refused": self._n_refused,
            "refused_share": self._n_refused / self._n_photos if self._n_photos else None,
            "expected_refused_share": share,
            "mean_novelty": self._novelty_sum / self._n_measured if self._n_measured else None,
            "labels": dict(sorted(self._labels.items())),
            "recent": {
                "n_photos": len(recent), "n_refused": n_refused,
                "mean_novelty": sum(recent) / len(recent) if recent else None,
            },
            "is_drifting": None if self._test is None else self._is_drifting,
            "evidence": self._count_evidence(), "alarm_at": None if self._test is None else ALARM,
            "alarm_ends_at": None if self._test is None else ENDS,
            "n_alarms": self._n_alarms, "last_alarm": self._last_alarm,
            "false_alarms": None if self._test is None else FALSE_ALARMS, "sentence": self.say(),
        }  # fmt: skip

    def _count_evidence(self) -> float:
        total = 0.0
        for row in self._evidence:
            for value in row:
                total += value
        return total

    def say(self) -> str:
        """Say the state in a sentence or two."""
        n, test = len(self._recent), self._test
        if test is None:
            counted = f"{self._n_photos:,} photo{'' if self._n_photos == 1 else 's'} so far. "
            return f"{counted}This classifier cannot tell whether they are like its training photos."
        if not n:
            return "No photos so far."
        # the share that has the most evidence, or the first one
        sums = [sum(row) for row in self._evidence]
        j = sums.index(max(sums)) if self._is_drifting else test.first
        share = test.shares[j]
        k, expected = sum(novelty <= share for novelty in self._recent), math.floor(share * n + 0.5)
        if share == self._refused_share:
            words, what = ("was", "were"), "refused"
        else:
            words, what = ("is", "are"), f"stranger than {100 * (1 - share):.4g}% of the classifier's own photos"
        all_photos = f"of {'the last ' if self._n_photos > n else ''}{n:,} photos"
        if n == 1:
            told = f"The first photo {words[0]}{'' if k else ' not'} {what}"
        else:
            told = f"{f'{k:,}' if k else 'None'} {all_photos} {words[k > 1]} {what}; "
            told += f"{f'{expected:,}' if expected else 'fewer than 1'} {'are' if expected > 1 else 'is'} expected"
        is_more, last = k > expected + 1, f"{self._last_alarm or 0:,}"
        if self._is_drifting:
            return f"{told}. {ADVICE if is_more else f'The alarm of photo {last} ends after more such photos.'}"
        if is_more and self._last_end is not None and self._n_photos - self._last_end < n:
            return f"{told}. The alarm of photo {last} has ended, because the newest photos are as expected."
        usual = "This is not enough for an alarm." if k > expected else NO_SIGN
        return f"{told}. {usual}{f' The last alarm began at photo {last}.' if self._last_alarm else ''}"
