"""Find photos that belong to no class, and the odd ones of their classes, by the distance to the nearest photos.

Distances are 1 less the cosine. A photo is compared with the set: how far it is beyond the median, in robust standard
deviations (the median absolute deviation).

Ten photos of another set, or of noise, text, screens or one colour, were planted in five sets, 40 times: 9.5 of the ten
were among the first 15. By features as they are alone, it was 9.4; by standardised ones 9.1; by the distance from
principal components (as ViM) 3.6; by Mahalanobis distances 6.0. Ten leaves among insects on leaves are found worst: 3.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from headstart.features.neighbours import Nearest, find_nearest
from headstart.inspection.finding import Finding
from headstart.inspection.photo_set import N_NEAREST, PhotoSet

FEWEST = 30  # photos of a set; of fewer, nothing is unusual
FEWEST_OF_CLASS = 20
FAR = 2.5  # robust standard deviations; at most 0.8% of the photos of four clean sets are beyond, 3% of solar cells
VERY_FAR = 5.0
ODD = 2.5  # the same, within a class; none of 3,000 cats and dogs is beyond, and with 2.0 there were 26 ordinary ones
MOST_SHARE, MOST = 0.01, 15  # of the photos that are only far, as a share or a number, the larger
N_OF_CLASS = 10  # nearest photos of the class
NORMAL = 1.4826  # standard deviation over the median absolute deviation, of a normal distribution
_ORDINALS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}  # of numbers up to 30
Floats = npt.NDArray[np.float32]


def find_outliers(photos: PhotoSet) -> list[Finding]:
    """Find photos that are far from all others (``outlier``), and from the others of their class (``odd_one``).

    An odd one is nearer to its class than to others: otherwise, its label may be wrong. Photos of one unit do not count
    as neighbours. Takes 3 s of processor time for 10,000 photos, without `PhotoSet.nearest`.
    """
    if len(photos.photos) < FEWEST:
        return []
    plain = find_nearest(photos.X, N_NEAREST, photos.units, is_standardised=False)
    sizes = np.bincount(photos.y)[photos.y]
    # half of a class, so that a small class does not count as far from all
    n_each = np.clip(sizes // 2, 1, N_NEAREST)
    how_far = (_measure_distances(plain, n_each) + _measure_distances(photos.nearest, n_each)) / np.float32(2)
    outliers = _choose(how_far, FAR)
    found = [_report_outlier(photos, n, how_far, plain, n_each) for n in outliers]
    how_odd = _measure_oddness(photos)
    how_odd[outliers] = -np.inf
    found += [_report_odd_one(photos, n, how_odd) for n in _choose(how_odd, ODD)]
    return sorted(found, key=lambda finding: (finding.kind != "outlier", -finding.score, finding.photos))


def _measure_distances(nearest: Nearest, n_each: npt.NDArray[np.int64]) -> Floats:
    """Return how far (N,) the n-th nearest photo of each photo is, in robust deviations from the median of all."""
    distances = 1 - np.maximum(nearest[1], -1)
    far = np.zeros(len(n_each), np.float32)
    for n in np.unique(n_each):
        far[n_each == n] = _scale(distances[:, n - 1])[n_each == n]
    return far


def _measure_oddness(photos: PhotoSet) -> Floats:
    """Return how far (N,) each photo is from the others of its class; -inf if most of its neighbours are of another."""
    how_odd = np.full(len(photos.y), -np.inf, np.float32)
    numbers, _ = photos.nearest
    labels = np.where(numbers >= 0, photos.y[numbers], -1)
    votes = np.stack([(labels == number).sum(1) for number in range(len(photos.labels))], 1)
    is_at_home = votes[np.arange(len(votes)), photos.y] == votes.max(1)
    for number in range(len(photos.labels)):
        at = np.flatnonzero(photos.y == number)
        if len(at) >= FEWEST_OF_CLASS:
            units = None if photos.units is None else [photos.units[int(n)] for n in at]
            _, cosines = find_nearest(photos.X[at], N_OF_CLASS, units)
            how_odd[at] = _scale(1 - np.maximum(cosines, -1).mean(1))
    how_odd[~is_at_home] = -np.inf
    return how_odd


def _scale(values: Floats) -> Floats:
    """Return how far values are above their median, in robust standard deviations."""
    above = values - np.median(values)
    deviation = NORMAL * float(np.median(np.abs(above)))
    scaled: Floats = above / np.float32(deviation) if deviation > 1e-6 else np.zeros_like(above)
    return scaled


def _choose(values: Floats, lowest: float) -> list[int]:
    """Return the numbers of the largest values, the largest first.

    If many values are above the lowest, they are not unusual: of those below `VERY_FAR`, 1% of the photos are kept.
    """
    order = np.argsort(-values, kind="stable")
    most = max(MOST, math.floor(MOST_SHARE * len(values)))
    n = max(int((values >= VERY_FAR).sum()), min(int((values >= lowest).sum()), most))
    return [int(one) for one in order[:n]]


def _report_outlier(
    photos: PhotoSet, n: int, how_far: Floats, plain: Nearest, n_each: npt.NDArray[np.int64]
) -> Finding:
    count = int(n_each[n])
    cosines = plain[1][:, count - 1]
    evidence = (
        f"The photo is unlike all others: {_share_below(how_far, n)} of the photos have more similar neighbours. The "
        f"cosine of its features and those of its {count}{_ORDINALS.get(count, 'th')} nearest photo is "
        f"{max(0.0, float(cosines[n])):.2f}; the median is {float(np.median(cosines)):.2f}."
    )
    return photos.find("outlier", [n], score=_score(how_far[n], FAR), evidence=evidence)


def _report_odd_one(photos: PhotoSet, n: int, how_odd: Floats) -> Finding:
    label = photos.labels[photos.y[n]]
    evidence = (
        f"The photo is unlike the others of '{label}': it is farther from the nearest of them than "
        f"{_share_below(how_odd, n, photos.y == photos.y[n])} of the class."
    )
    return photos.find("odd_one", [n], score=_score(how_odd[n], ODD), evidence=evidence)


def _score(value: np.float32, lowest: float) -> float:
    """Return 0.5 for the lowest value that is reported, and nearly 1 for one far above."""
    return float(value / (value + lowest))


def _share_below(values: Floats, n: int, of: npt.NDArray[np.bool_] | None = None) -> str:
    some = values if of is None else values[of]
    return f"{math.floor(1000 * float((some < values[n]).mean())) / 10:g}%"
