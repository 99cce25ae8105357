"""Find trouble with classes: too few photos, two classes that are one, and one class that is two."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from headstart.evaluation.words import count_photos
from headstart.head.parallel_rows import map_items
from headstart.inspection.bimodality import measure_valley
from headstart.inspection.finding import Finding
from headstart.inspection.photo_set import PhotoSet

Floats = npt.NDArray[np.float32]

FEW = 10  # with fewer photos, one or two are tested: whether the class is recognised cannot be told
FEW_BESIDE_OTHERS, OF_MEDIAN = 30, 10  # fewer than 30 and a tenth of the median class: the others outweigh it
MOST_NAMED = 5  # classes with too few photos that get findings of their own; of more, one finding tells

CONFUSED = 0.5  # geometric mean of what the classes get of each other's probability, over what they keep
ONE_CLASS = 0.75  # upper bound of the area under the ROC curve
"""Halves of one class (12 classes of 5 sets) had areas of 0.40 to 0.58, two classes of these sets 0.87 and more."""
ONE_SIDED = 1.645  # standard errors: 95%
MOST_PAIRS = 500  # of classes that are compared, the most confused: 0.2 ms each

FEWEST_TO_SPLIT = 50
VALLEY, VALLEY_OF_FEWER, FEWER = 0.4, 0.55, 150
"""Depth of the valley, and that of a class with fewer than 150 photos. Classes of clean sets: up to 0.23, of fewer than
150 photos up to 0.37; joined with a class of another set, 0.47 to 1; cats and dogs 0.75; cells of two types 0.85."""
N_EXAMPLES = 4  # of each of the two


def find_class_trouble(photos: PhotoSet, probabilities: Floats | None = None) -> list[Finding]:
    """Find classes with too few photos, two classes that are one, and a class that is two.

    Takes 0.1 s of processor time for each class.

    Parameters
    ----------
    probabilities
        (N, C) probabilities of the classes for each photo, by a fit without the photo and its unit; NaN if there is
        none. All photos must count alike in it: less weight for photos whose labels look wrong makes halves of a class
        differ. None: two classes that are one are not searched for.
    """
    found = _find_few_photos(photos)
    if probabilities is not None:
        found += _find_same_classes(photos, probabilities)
    return [*found, *_find_split_classes(photos)]


def _find_few_photos(photos: PhotoSet) -> list[Finding]:
    sizes = np.bincount(photos.y, minlength=len(photos.labels))
    median = float(np.median(sizes))
    few = [n for n, size in enumerate(sizes) if size < FEW or size < min(FEW_BESIDE_OTHERS, median / OF_MEDIAN)]
    found = []
    if len(few) > MOST_NAMED:
        smallest = min(few, key=lambda n: int(sizes[n]))
        evidence = (
            f"{len(few):,} of {len(sizes):,} classes have too few photos to learn and to test them, such as "
            f"'{photos.labels[smallest]}' with {count_photos(int(sizes[smallest]))}."
        )
        return [photos.find("few_photos", [], score=0.5 + 0.5 * len(few) / len(sizes), evidence=evidence)]
    for n in few:
        size = int(sizes[n])
        evidence = f"The class has {count_photos(size)}{_compare_size(size, sizes)}."
        at = np.flatnonzero(photos.y == n)[:N_EXAMPLES].tolist()
        score = 1 - size / (2 * FEW_BESIDE_OTHERS)
        found.append(photos.find("few_photos", at, score=score, evidence=evidence, label=photos.labels[n]))
    return sorted(found, key=lambda finding: -finding.score)


def _compare_size(size: int, sizes: npt.NDArray[np.int64]) -> str:
    """Return the end of the sentence on a small class: what the others have; '' if they have no more."""
    upper = int(np.sort(sizes)[len(sizes) // 2])  # of an even number of classes, half have this or more
    if size >= upper:
        return ""
    return f"; the other class has {upper:,}" if len(sizes) == 2 else f"; half of the classes have {upper:,} or more"


def _find_same_classes(photos: PhotoSet, probabilities: Floats) -> list[Finding]:
    """Find pairs of classes that cannot be told apart, of `FEW` photos or more: of fewer, chance decides."""
    is_known = np.isfinite(probabilities).all(1)
    is_large = np.bincount(photos.y[is_known], minlength=len(photos.labels)) >= FEW
    logs = np.log(np.maximum(probabilities, 1e-12))
    means = np.stack([_average(probabilities[is_known & (photos.y == n)]) for n in range(len(photos.labels))])
    kept = np.maximum(np.diag(means), 1e-12)
    confusion = np.sqrt(means * means.T / np.outer(kept, kept))
    confusion[~is_large] = confusion[:, ~is_large] = 0
    pairs = np.argwhere(np.triu(confusion >= CONFUSED, 1))
    found = []
    for one, other in pairs[np.argsort(-confusion[tuple(pairs.T)], kind="stable")[:MOST_PAIRS]].tolist():
        at = np.flatnonzero(is_known & ((photos.y == one) | (photos.y == other)))
        leaning = logs[at, one] - logs[at, other]
        is_one = photos.y[at] == one
        area, error = _measure_area(leaning, is_one)
        if area + ONE_SIDED * error > ONE_CLASS:
            continue
        names = sorted((one, other), key=lambda n: (int((photos.y == n).sum()), n))
        # of each class, the photos that look most like the other
        lean = {one: at[is_one][np.argsort(leaning[is_one], kind="stable")],
                other: at[~is_one][np.argsort(-leaning[~is_one], kind="stable")]}  # fmt: skip
        examples = [int(n) for name in names for n in lean[name][:N_EXAMPLES]]
        label, suggested = (photos.labels[n] for n in names)
        evidence = (
            f"The photos of '{label}' and '{suggested}' can hardly be told apart: given one photo of each, a "
            f"classifier tells which is which in {max(area, 0.5):.0%} of the pairs. By chance it is 50%."
        )
        score = float(min(1.0, 2 * (1 - max(area, 0.5))))
        found.append(
            photos.find("same_classes", examples, score=score, evidence=evidence, label=label, suggested=suggested)
        )
    return sorted(found, key=lambda finding: (-finding.score, finding.label or ""))


def _average(rows: Floats) -> Floats:
    mean: Floats = rows.mean(0) if len(rows) else np.zeros(rows.shape[1], np.float32)
    return mean


def _measure_area(values: Floats, is_one: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return the area under the ROC curve, and its standard error if both classes are one (Mann and Whitney 1947)."""
    n_one, n_other = int(is_one.sum()), int((~is_one).sum())
    if not n_one or not n_other:
        return 1.0, math.inf
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]  # equal values share their mean rank
    area = (float(ranks[is_one].sum()) - n_one * (n_one + 1) / 2) / (n_one * n_other)
    return area, math.sqrt((n_one + n_other + 1) / (12 * n_one * n_other))


def _find_split_classes(photos: PhotoSet) -> list[Finding]:
    found, classes = [], _list_large_classes(photos)
    # lower stages tell light and camera apart, which divide a class into clusters, too
    last = photos.X[:, -photos.n_last :]
    valleys = map_items(lambda one: measure_valley(last[one[1]]), classes)
    for (label, at), (depth, sides) in zip(classes, valleys, strict=True):
        if depth < (VALLEY if len(at) >= FEWER else VALLEY_OF_FEWER):
            continue
        share = float((sides[sides != 0] > 0).mean())
        low, high = sorted((share, 1 - share))
        evidence = (
            f"The photos of '{label}' form two clusters, of {low:.0%} and {high:.0%} of them, with few photos between "
            f"(the density there is {1 - depth:.0%} of that of the smaller cluster)."
        )
        order = at[np.argsort(sides, kind="stable")]
        examples = [int(n) for n in (*order[:N_EXAMPLES], *order[: -N_EXAMPLES - 1 : -1])]
        found.append(photos.find("split_class", examples, score=depth, evidence=evidence, label=label))
    return sorted(found, key=lambda finding: (-finding.score, finding.label or ""))


def _list_large_classes(photos: PhotoSet) -> list[tuple[str, npt.NDArray[np.int64]]]:
    """Return the labels and row numbers of the classes that could be two; of each unit the first photo."""
    classes = []
    for number, label in enumerate(photos.labels):
        at = np.flatnonzero(photos.y == number)
        if photos.units is not None:  # a series of near copies would be a cluster
            at = at[_keep_first([photos.units[int(n)] for n in at])]
        if len(at) >= FEWEST_TO_SPLIT:
            classes.append((label, at))
    return classes


def _keep_first(names: Sequence[str]) -> list[int]:
    """Return the places of the first of each name."""
    first: dict[str, int] = {}
    for place, name in enumerate(names):
        first.setdefault(name, place)
    return list(first.values())
