"""Score labels: how well each label fits its photo, by classifiers that did not see the photo.

docs/decisions/0042-wrong-labels.md has the measurements.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from headstart.head.kernel_ridge import KernelRidge, LeftOut
from headstart.head.linear import softmax
from headstart.head.temperature import choose_careful_factor
from headstart.inspection.photo_set import PhotoSet

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

SCORE_SCALE = 4.0  # of scores near 1 and -1, before the factor that calibrates them is chosen
FULL_WEIGHT_FROM = 0.3  # probability of a label; below it, the photo counts less in the second fit, in proportion
LEAST_WEIGHT = 0.1
LOWER_STAGES = 2.0  # importance of their means, if the features have them; that of the last stage is 1


@dataclass(frozen=True, eq=False)
class LabelScores:
    """How well N labels fit their photos.

    Attributes
    ----------
    y
        (N,) class numbers: the labels.
    scores
        (N, C) float32 scores of each photo by a regression without the photo and its unit, in which photos whose labels
        look wrong count less. Their softmax is calibrated for the labels as they are, wrong ones included.
    plain
        Predictions of the first regression, in which all photos count alike.
    plain_factor
        Factor that calibrates the scores of the first regression.
    ridge
        The regressions.
    """

    y: Numbers
    scores: Floats
    plain: LeftOut
    plain_factor: float
    ridge: KernelRidge

    @cached_property
    def probabilities(self) -> Floats:
        """(N, C) probabilities of the classes."""
        return softmax(self.scores).astype(np.float32, copy=False)

    @cached_property
    def plain_probabilities(self) -> Floats:
        """(N, C) probabilities by the first regression."""
        return softmax(self.plain.scores * np.float32(self.plain_factor)).astype(np.float32, copy=False)

    @cached_property
    def own(self) -> Floats:
        """(N,) probability of each label."""
        own: Floats = self.probabilities[np.arange(len(self.y)), self.y]
        return own

    @cached_property
    def suggested(self) -> Numbers:
        """(N,) the most probable other class."""
        suggested: Numbers = mask_own(self.scores, self.y).argmax(1)
        return suggested

    @cached_property
    def margin(self) -> Floats:
        """(N,) score of the label less that of the best other class: the lower, the more the label looks wrong."""
        return measure_margin(self.scores, self.y)


def score_labels(photos: PhotoSet, *, seed: int = 0) -> LabelScores | None:
    """Score the labels of a set; None if there are fewer than two classes, or fewer than two photos in each.

    Takes 2 s of processor time for 3,000 photos, and 5 s for 10,000.
    """
    n_classes = len(photos.labels)
    if n_classes < 2 or np.bincount(photos.y, minlength=n_classes).max() < 2:
        return None
    ridge = KernelRidge(photos.X, photos.units, importance=_weigh_stages(photos), seed=seed)
    plain = ridge.predict_left_out(photos.y, n_classes)
    plain_factor = _calibrate(plain.scores, photos.y)
    own = softmax(plain.scores * np.float32(plain_factor))[np.arange(len(photos.y)), photos.y]
    weight = np.clip(own / FULL_WEIGHT_FROM, LEAST_WEIGHT, 1).astype(np.float32)
    left_out = ridge.predict_left_out(photos.y, n_classes, weight=weight, penalty=plain.penalty)
    factor = _calibrate(left_out.scores, photos.y)
    return LabelScores(photos.y, left_out.scores * np.float32(factor), plain, plain_factor, ridge)


def _weigh_stages(photos: PhotoSet) -> Floats:
    importance: Floats = np.full(photos.X.shape[1], LOWER_STAGES, np.float32)
    importance[photos.X.shape[1] - photos.n_last :] = 1
    return importance


def _calibrate(scores: Floats, y: Numbers) -> float:
    """Return the factor whose product with scores near 1 and -1 gives calibrated probabilities."""
    return SCORE_SCALE * choose_careful_factor(scores * np.float32(SCORE_SCALE), y)


def measure_margin(scores: Floats, y: Numbers) -> Floats:
    """Return (N,) the score of each label less that of the best other class, for (N, C) scores."""
    margin: Floats = scores[np.arange(len(y)), y] - mask_own(scores, y).max(1)
    return margin


def mask_own(scores: Floats, y: Numbers) -> Floats:
    """Return (N, C) scores in which that of the label is minus infinity."""
    others = scores.copy()
    others[np.arange(len(y)), y] = -np.inf
    return others
