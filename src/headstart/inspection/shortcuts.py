"""Find shortcuts: traits of files and borders by which the label can be told without what the photos show.

A classifier that learns such a trait is right on these photos and wrong on others. For each family of traits a
class-balanced logistic regression predicts held-out photos. Names of files are left out: they often hold the label.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.head.class_weights import balanced_weights
from headstart.head.regularisation import choose_strength, predict_held_out
from headstart.head.training_rows import prepare_rows
from headstart.inspection.finding import Finding
from headstart.inspection.photo_set import PhotoSet
from headstart.inspection.photo_traits import (
    Bools,
    Trait,
    list_border_traits,
    list_brightness_traits,
    list_byte_traits,
    list_header_traits,
)

FEWEST_UNITS = 10  # of a class; of fewer, chance may tell most: smaller classes are left out
MAX_PHOTOS = 10_000  # of a larger set a part is looked at, drawn at random
STRENGTHS = (0.01, 0.1, 1.0)
N_SD = 3.5  # standard deviations by which the accuracy must exceed the limit
MARGIN, CLASS_MARGIN = 0.1, 0.3  # of the way from chance to 1: all classes, and one class against the others
BRIGHTNESS_MARGIN = 0.6  # brightness may belong to the subject
GAIN = 0.1  # in the way from chance to 1, by which all traits of files together must exceed the best family
N_EXAMPLES = 4  # of each side
BRIGHTNESS, ALL = "brightness", "files"


@dataclass(frozen=True)
class _Evidence:
    """How well labels can be told: of all classes, or of one class ``about`` against the others.

    ``excess`` is the way from chance to 1, 0 to 1.
    """

    family: str
    traits: Sequence[Trait]
    accuracy: float
    chance: float
    about: int | None = None

    @property
    def excess(self) -> float:
        return (self.accuracy - self.chance) / (1 - self.chance)


@dataclass(frozen=True, eq=False)
class _Sample:
    """N photos of the classes that have enough of them: row numbers of the set, class numbers (N,), and units."""

    at: npt.NDArray[np.int64]
    y: npt.NDArray[np.int64]
    units: npt.NDArray[Any]
    labels: tuple[str, ...]


def find_shortcuts(photos: PhotoSet) -> list[Finding]:
    """Find families of traits that tell the labels, or one class, clearly better than chance.

    All traits of files together are judged as well; with the bytes that a pixel takes only if one family is a shortcut
    by itself, because bytes also measure texture. The photos of a finding are examples: some of the class that have the
    trait, and then some of other classes that do not.
    """
    findings: list[Finding] = []
    sample = _draw(photos, [facts is not None and facts.width > 0 for facts in photos.facts])
    if sample is not None:
        facts = [one for one in (photos.facts[n] for n in sample.at) if one is not None]
        families = list_header_traits(facts)
        found = _judge_families(families, sample)
        every = [trait for traits in families.values() for trait in traits]
        together = _judge(ALL, [*every, *(list_byte_traits(facts) if found else ())], sample)
        if together is not None and together.excess > GAIN + max((one.excess for one in found), default=0):
            found.append(replace(together, traits=every))
        findings += [_report(photos, evidence, sample) for evidence in found]
    sample = None if photos.measures is None else _draw(photos, np.isfinite(photos.measures.sum(axis=1)).tolist())
    if sample is not None and photos.measures is not None:
        some = photos.measures[sample.at]
        families = {"border": list_border_traits(some), BRIGHTNESS: list_brightness_traits(some)}
        findings += [_report(photos, evidence, sample) for evidence in _judge_families(families, sample)]
    return sorted(findings, key=lambda finding: -finding.score)


def _draw(photos: PhotoSet, is_known: Sequence[bool]) -> _Sample | None:
    """Return the photos that are looked at; None if there are too few."""
    at = np.flatnonzero(is_known)
    if len(at) > MAX_PHOTOS:
        at = np.sort(np.random.default_rng(0).choice(at, MAX_PHOTOS, replace=False))
    units = np.array(photos.units if photos.units is not None else [photo.digest for photo in photos.photos])
    enough = [c for c in range(len(photos.labels)) if len(np.unique(units[at[photos.y[at] == c]])) >= FEWEST_UNITS]
    if len(enough) < 2:
        return None
    at = at[np.isin(photos.y[at], enough)]
    y = np.searchsorted(enough, photos.y[at])
    return _Sample(at, y, units[at], tuple(photos.labels[c] for c in enough))


def _judge_families(families: dict[str, list[Trait]], sample: _Sample) -> list[_Evidence]:
    found = [_judge(name, traits, sample) for name, traits in families.items()]
    return [evidence for evidence in found if evidence is not None]


def _judge(family: str, traits: Sequence[Trait], sample: _Sample) -> _Evidence | None:
    """Return how well the traits tell all labels, or one class if it is told better; None if not better than chance."""
    if not traits:
        return None
    n_classes = len(sample.labels)
    is_right, predicted = _predict(traits, sample)
    recalls = np.array([is_right[sample.y == c].mean() for c in range(n_classes)])
    n_units = np.array([len(np.unique(sample.units[sample.y == c])) for c in range(n_classes)])
    variances = (recalls * (1 - recalls) + 1 / n_units) / n_units  # the second term: 100% of few is not certain
    whole = _Evidence(family, traits, float(recalls.mean()), 1 / n_classes)
    guessed = (1 - 1 / n_classes) / n_classes * float((1 / n_units).sum()) / n_classes**2
    found = [whole] if _is_clear(whole, float(variances.sum()) / n_classes**2, guessed, MARGIN) else []
    for c in range(n_classes if n_classes > 2 else 0):
        refused = float((predicted[sample.y != c] != c).mean())
        n_others = int(n_units.sum() - n_units[c])
        variance = float(variances[c] + (refused * (1 - refused) + 1 / n_others) / n_others) / 4
        one = _Evidence(family, traits, (float(recalls[c]) + refused) / 2, 0.5, c)
        if _is_clear(one, variance, (1 / int(n_units[c]) + 1 / n_others) / 16, CLASS_MARGIN):
            found.append(one)
    return max(found, key=lambda evidence: evidence.excess, default=None)


def _is_clear(evidence: _Evidence, variance: float, guessed: float, margin: float) -> bool:
    """Say whether the accuracy exceeds chance by the margin and by `N_SD` standard deviations more.

    ``guessed`` is the variance of the accuracy of guesses, which is larger: by that, the accuracy must exceed chance by
    `MARGIN`. Without this, one family was reported in 2% of sets of 20 photos with random traits.
    """
    margin = max(margin, BRIGHTNESS_MARGIN) if evidence.family == BRIGHTNESS else margin
    return all(
        evidence.accuracy - N_SD * math.sqrt(of) > evidence.chance + way * (1 - evidence.chance)
        for of, way in ((variance, margin), (guessed, MARGIN))
    )


def _predict(traits: Sequence[Trait], sample: _Sample) -> tuple[Bools, npt.NDArray[np.int64]]:
    """Return which held-out photos are told right (N,), and the predicted classes (N,)."""
    n_classes = len(sample.labels)
    X = np.column_stack([trait.has for trait in traits]).astype(np.float32)
    weights = balanced_weights(sample.y, n_classes)
    prepared = prepare_rows(X, sample.y, n_classes=n_classes, class_weight=weights)
    choice = choose_strength(prepared, seed=0, groups=sample.units, strengths=STRENGTHS)
    (held_out,) = predict_held_out(prepared, strength=choice.strength, seeds=[0], groups=sample.units)
    predicted = held_out.scores.argmax(axis=1).astype(np.int64)
    return (predicted == sample.y) & (held_out.fold >= 0), predicted


def _report(photos: PhotoSet, evidence: _Evidence, sample: _Sample) -> Finding:
    trait, c, inside, outside = _find_example(evidence, sample)
    label = sample.labels[c]
    what = "From all facts in the files" if evidence.family == ALL else f"From the {evidence.family} alone"
    if evidence.about is None:
        told = f"a classifier tells {evidence.accuracy:.0%} of the labels, where each class counts alike"
    else:
        one = f"a classifier tells '{sample.labels[evidence.about]}' from the others"
        told = f"{one} with a balanced accuracy of {evidence.accuracy:.0%}"
    example = f"For example, {inside:.0%} of '{label}' {trait.phrase}, and {outside:.0%} of the others."
    text = f"{what}, {told}. By chance it is {evidence.chance:.0%}. {example}"
    if evidence.family == BRIGHTNESS:
        text += " The brightness may belong to what the photos show."
    is_own = sample.y == c
    examples = [*sample.at[is_own & trait.has][:N_EXAMPLES], *sample.at[~is_own & ~trait.has][:N_EXAMPLES]]
    score = min(1.0, max(0.0, evidence.excess))
    return photos.find("shortcut", [int(n) for n in examples], score=score, evidence=text, label=label)


def _find_example(evidence: _Evidence, sample: _Sample) -> tuple[Trait, int, float, float]:
    """Return the trait and the class with the largest difference between its shares inside and outside the class."""
    classes = range(len(sample.labels)) if evidence.about is None else [evidence.about]
    shares = [
        (trait, c, float(trait.has[sample.y == c].mean()), float(trait.has[sample.y != c].mean()))
        for trait in evidence.traits
        for c in classes
    ]
    return max(shares, key=lambda share: share[2] - share[3])
