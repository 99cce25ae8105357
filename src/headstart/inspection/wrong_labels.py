"""Find labels that are probably wrong, with the label that each photo should probably have."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from headstart.evaluation.notes import Note
from headstart.evaluation.words import count_photos
from headstart.features.neighbours import NOBODY
from headstart.inspection.finding import Finding
from headstart.inspection.gains import estimate_relabelling
from headstart.inspection.label_scores import LabelScores, Numbers
from headstart.inspection.photo_set import PhotoSet

SUSPICIOUS = 0.2  # probability of the label below which it is listed
MOST_SUSPICIOUS = 0.4  # share of the photos; of more, wrong labels and hard photos cannot be told apart
N_NEIGHBOURS = 10  # that the evidence counts
FEWEST_OTHERS = 3  # photos of the class in other units, without which a classifier does not know the class


def note_unlearned(scores: LabelScores) -> list[Note]:
    """Return a note if too many labels look improbable to tell wrong labels from hard photos."""
    n = int(_mark_suspicious(scores).sum())
    if n <= MOST_SUSPICIOUS * len(scores.y):
        return []
    text = (
        f"Wrong labels were not searched for: a classifier that did not see a photo finds its label improbable for "
        f"{n:,} of {count_photos(len(scores.y))}. The photos are too few for so many classes, or do not show what "
        "tells the classes apart."
    )
    return [Note("labels-not-learned", text, "warning")]


def note_unjudged(photos: PhotoSet) -> Note:
    """Return the note that labels cannot be judged, because `score_labels` gives none."""
    reason = "the photos are of 1 class" if len(photos.labels) == 1 else "no class has 2 different photos"
    text = f"Labels were not judged: {reason}. To judge a label takes two classes, and other photos of its class."
    return Note("labels-not-judged", text, "warning")


def _mark_suspicious(scores: LabelScores) -> npt.NDArray[np.bool_]:
    return (scores.own < SUSPICIOUS) & (scores.margin < 0)


def find_wrong_labels(photos: PhotoSet, scores: LabelScores) -> list[Finding]:
    """List photos whose label has a probability below 20% by classifiers that did not see them, the most certain first.

    Nothing is listed if that holds for more than 40% of the photos; see `note_unlearned`. The score of a finding is the
    probability that the photo does not have this label. A photo is not judged if its
    class has fewer than 3 photos in other units.
    """
    at = np.flatnonzero(_mark_suspicious(scores) & (_count_others(photos, scores.y) >= FEWEST_OTHERS))
    if note_unlearned(scores):
        return []
    at = at[np.argsort(scores.own[at], kind="stable")]
    if not len(at):
        return []
    gains = estimate_relabelling(scores, at, scores.suggested[at])
    nearest = photos.nearest[0][:, :N_NEIGHBOURS]
    found = []
    for n, gain in zip(at.tolist(), gains.tolist(), strict=True):
        label, other = photos.labels[scores.y[n]], photos.labels[scores.suggested[n]]
        probable = float(scores.probabilities[n, scores.suggested[n]])
        near = scores.y[nearest[n][nearest[n] != NOBODY]]
        n_other = int((near == scores.suggested[n]).sum())
        evidence = (
            f"The label is '{label}', but a classifier that did not see this photo gives '{other}' a probability of "
            f"{probable:.0%}, and '{label}' {scores.own[n]:.0%}"
        )
        if n_other:
            evidence += f"; {n_other} of its {len(near)} nearest photos are '{other}'"
        found.append(
            photos.find(
                "wrong_label",
                [n],
                score=float(1 - scores.own[n]),
                evidence=f"{evidence}.",
                suggested=other,
                gain=gain,
                suggested_probability=probable,
            )
        )
    return found


def _count_others(photos: PhotoSet, y: Numbers) -> Numbers:
    """Return (N,) the number of photos of the class of each photo that are in other units."""
    sizes = np.bincount(y)[y]
    if photos.units is None:
        return sizes - 1
    both = list(zip(photos.units, y.tolist(), strict=True))
    same = Counter(both)
    others: Numbers = sizes - np.array([same[one] for one in both])
    return others
