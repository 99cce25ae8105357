"""Estimate what corrections should gain: a lower loss on other photos, by the exact effect on a regression.

If a label changes, the predictions of all other photos by a kernel ridge regression change by a known amount, and no
regression is fitted again. To remove a photo has the same effect as to replace its target by its own prediction without
it. The gain is judged on photos whose labels look right. It is a ranking and not a price: on several sets its rank
correlation with the true change was 0.45 (docs/decisions/0042-wrong-labels.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from headstart.head.parallel_rows import map_items
from headstart.inspection.finding import Finding
from headstart.inspection.label_scores import Floats, LabelScores, Numbers
from headstart.inspection.photo_set import PhotoSet

REMOVED = ("outlier", "odd_one", "blank", "dark", "flat", "blurred", "tiny", "shape")
MAX_POINTS = 200  # of the curve

TRUSTED = 0.2  # probability of the label from which on a photo judges
LEAST = 1e-3  # probability; a lower one adds no loss, so that no single photo decides
CERTAINTY = 8  # of labels with probability p, about (1 - p)^8 are wrong if 10% of all are


def estimate_relabelling(scores: LabelScores, at: Numbers, labels: Numbers) -> Floats:
    """Return (n,) the expected decrease of the log loss, in 1/1000 nats, if some photos get other labels.

    It is the decrease if the label is wrong, times the probability that it is.
    """
    change = np.zeros((len(at), scores.scores.shape[1]), np.float32)
    change[np.arange(len(at)), scores.y[at]] = -2
    change[np.arange(len(at)), labels] = 2
    gain: Floats = _estimate(scores, at, change) * (1 - scores.own[at]) ** CERTAINTY
    return gain


def estimate_removal(scores: LabelScores, at: Numbers) -> Floats:
    """Return (n,) the decrease of the log loss, in 1/1000 nats, if some photos are left out."""
    targets = np.where(np.eye(scores.scores.shape[1], dtype=bool)[scores.y[at]], 1, -1)
    return _estimate(scores, at, (scores.plain.alone[at] - targets).astype(np.float32))


def add_removal_gains(photos: PhotoSet, scores: LabelScores, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings, each about a single photo that could be left out with its gain, if that is above 0."""
    rows = {photo.digest: n for n, photo in enumerate(photos.photos)}
    at = [n for n, finding in enumerate(findings) if finding.kind in REMOVED and finding.digests[0] in rows]
    gains = estimate_removal(scores, np.array([rows[findings[n].digests[0]] for n in at], np.int64))
    better = {n: replace(findings[n], gain=float(gain)) for n, gain in zip(at, gains, strict=True) if gain > 0}
    return [better.get(n, finding) for n, finding in enumerate(findings)]


def list_curve(findings: Sequence[Finding]) -> tuple[tuple[int, float], ...]:
    """Return pairs (k, share) for at most 200 numbers k of findings: the share of the gain of all, 0 to 1.

    Empty if no finding has a gain above 0.
    """
    total = np.cumsum([max(finding.gain or 0.0, 0.0) for finding in findings])
    if not len(total) or not total[-1] > 0:
        return ()
    last = int(np.argmax(total >= total[-1])) + 1  # what follows has no known gain
    steps = np.unique(np.linspace(1, last, min(last, MAX_POINTS)).round().astype(int))
    return ((0, 0.0), *((int(k), round(float(total[k - 1] / total[-1]), 4)) for k in steps))


def _estimate(scores: LabelScores, at: Numbers, change: Floats) -> Floats:
    """Return the gain if the targets of some rows change by (n, C).

    A photo is not judged by itself, nor by photos of its unit: what these predict does not depend on it.
    """
    judges = np.flatnonzero(scores.own >= TRUSTED)
    if not len(at) or not len(judges):
        return np.zeros(len(at), np.float32)
    factor, y = np.float32(scores.plain_factor), scores.y[judges]
    before = factor * scores.plain.scores[judges]
    powers = np.exp(before - before.max(1, keepdims=True))
    own, total = powers[np.arange(len(y)), y], powers.sum(1)
    loss = _measure_loss(own, total)
    influence = factor * scores.ridge.measure_influence(at, scores.plain)[:, judges]

    def compare(n: int) -> float:
        classes = np.flatnonzero(change[n])  # two if a label changes
        growth = np.expm1(influence[n, :, None] * change[n, classes])
        growth *= powers if len(classes) == powers.shape[1] else powers[:, classes]
        after = _measure_loss(own * np.exp(influence[n] * change[n, y]), total + growth.sum(1))
        return float(np.subtract(loss, after).mean())

    expected: Floats = np.float32(1000) * np.array(list(map_items(compare, range(len(at)))), np.float32)
    return expected


def _measure_loss(own: Floats, total: Floats) -> Floats:
    """Return (J,) the log loss of probabilities ``own / total``."""
    loss: Floats = -np.log(own / np.maximum(total, own) + np.float32(LEAST))
    return loss
