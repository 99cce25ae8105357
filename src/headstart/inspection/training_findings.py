"""Find photos to look at by what a training knows already: held-out answers, near copies, measures, skipped files.

An audit looks closer (`find_problems`). This takes tens of milliseconds for 3,000 photos, and decodes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.features.fresh_features import FreshFeatures
from headstart.features.near_copy_groups import NearCopies
from headstart.head.label_noise import LabelNoise, estimate_label_noise
from headstart.head.linear import softmax
from headstart.inspection.copies import KEEP_RIGHT, OF_SPLITS, find_copies
from headstart.inspection.finding import Finding
from headstart.inspection.odd_files import find_unreadable_files
from headstart.inspection.ordering import order_findings
from headstart.inspection.photo_set import PhotoSet
from headstart.inspection.poor_photos import find_poor_photos
from headstart.methods.feature_table import FeatureTable
from headstart.methods.head_fitting import is_streamed
from headstart.methods.held_out_scores import OutOfFold
from headstart.methods.near_copy_notes import list_conflicts
from headstart.methods.split_metrics import SplitPredictions
from headstart.storage.large_arrays import join_rows

UNLIKELY, LIKELY = 0.05, 0.5  # probability of a label that is listed, at most; of the class it should be, at least
# A number of wrong labels is told from 2 nats on (of sets without wrong labels, 1 in 40 has more by chance), if there
# are enough to matter.
LEAST_GAIN, LEAST_SHARE, LEAST_LABELS = 2.0, 0.02, 5
N_FIRST = 9
_CONFLICTING = "identical photos have different labels"  # how `drop_conflicts` begins


def list_photos_to_look_at(
    table: FeatureTable, held: OutOfFold | None, near_copies: NearCopies | None, fresh: FreshFeatures | None
) -> dict[str, Any]:
    """Return the key ``photos_to_look_at`` of metrics.json, in plain JSON types.

    ``n`` findings, ``counts`` of them by kind, and the ``first`` nine, as `Finding.to_record` writes them.
    ``labels_that_look_wrong``: about how many of the ``n_judged`` labels are wrong, or 0 if there is no sign that more
    than a few are.

    Parameters
    ----------
    held
        Scores of photos by heads that were fitted without them. None: no label is judged.
    fresh
        Has the measures by which poor photos are found. None: none are found.
    """
    noise = None if held is None else estimate_label_noise(held.scores, held.y)
    found = _find_conflicting_files(table.catalog) + _find_in_set(table, near_copies, fresh)
    if held is not None and noise is not None:
        found += find_unlikely_labels(held, table.catalog.labels, noise)
    ordered = order_findings(found)
    return {
        "n": len(ordered), "counts": dict(Counter(finding.kind for finding in ordered)),
        "labels_that_look_wrong": 0 if noise is None else count_wrong(noise),
        "n_judged": 0 if held is None else len(held.y),
        "first": [finding.to_record() for finding in ordered[:N_FIRST]],
    }  # fmt: skip


def list_held_out(predictions: Mapping[str, SplitPredictions], labels: tuple[str, ...]) -> OutOfFold | None:
    """Return the scores of the validation and test photos: what is known if nested cross-validation is not possible.

    That is so above a cut, for the head adam, and for features larger than memory or half a minute of folds. The labels
    of training photos are not judged then: each fold would need a training of its own.
    """
    parts = [predictions[split] for split in ("validation", "test") if predictions[split].features.photos]
    if not parts or len(labels) < 2:
        return None
    probabilities = np.concatenate([part.probabilities for part in parts])
    return OutOfFold(
        photos=tuple(photo for part in parts for photo in part.features.photos),
        y=np.concatenate([part.features.y for part in parts]),
        scores=np.log(probabilities.clip(1e-9)).astype(np.float32), is_validation=False,
    )  # fmt: skip


def find_unlikely_labels(held: OutOfFold, labels: tuple[str, ...], noise: LabelNoise) -> list[Finding]:
    """List photos whose label has a probability below 5% by heads that did not see them, if another class is likely.

    If a share of the labels is wrong, all probabilities are less extreme. So labels that are more probably wrong than
    right, by ``noise``, are listed too, and if a number of wrong labels is told, as many of the most probable ones. The
    score is the probability that the photo does not have its label.
    """
    rows = np.arange(len(held.y))
    p = softmax(held.scores)
    own = p[rows, held.y]
    p[rows, held.y] = 0
    other = p.argmax(axis=1)
    is_listed = ((own < UNLIKELY) & (p[rows, other] >= LIKELY)) | (noise.is_wrong > LIKELY)
    is_listed[np.argsort(-noise.is_wrong, kind="stable")[: count_wrong(noise)]] = True
    found = []
    for n in np.flatnonzero(is_listed).tolist():
        photo, suggested = held.photos[n], labels[other[n]]
        evidence = (
            f"The label is '{photo.label}', but a classifier that did not see this photo gives '{suggested}' a "
            f"probability of {p[n, other[n]]:.0%}, and '{photo.label}' {own[n]:.0%}."
        )
        found.append(
            Finding(
                kind="wrong_label", photos=(photo.file,), digests=(photo.digest,), label=photo.label,
                suggested=suggested, score=float(1 - own[n]), evidence=evidence,
                suggested_probability=float(p[n, other[n]]),
            )
        )  # fmt: skip
    return found


def count_wrong(noise: LabelNoise) -> int:
    """Return about how many labels are wrong; 0 if that may be none or a few."""
    n = noise.share * len(noise.is_wrong)
    return round(n) if noise.gain >= LEAST_GAIN and noise.share >= LEAST_SHARE and n >= LEAST_LABELS else 0


def _find_conflicting_files(catalog: Catalog) -> list[Finding]:
    """Find files that were left out because files with the same bytes have another label."""
    found = []
    for skip in catalog.skipped:
        if skip.reason.startswith(_CONFLICTING):
            path = str(skip.path)
            label = next((part for part in reversed(skip.path.parts[:-1]) if part in catalog.labels), None)
            evidence = f"It was left out: {skip.reason}."
            found.append(
                Finding(
                    kind="copy", photos=(path,), digests=(skip.digest,), label=label, score=1.0, evidence=evidence,
                    own_action=KEEP_RIGHT,
                )
            )  # fmt: skip
    return found


def _find_in_set(table: FeatureTable, near_copies: NearCopies | None, fresh: FreshFeatures | None) -> list[Finding]:
    """Find unreadable files, near copies with several labels, and poor photos."""
    first: dict[str, tuple[Photo, int]] = {}
    start = 0
    for part in table.splits.values():
        for n, photo in enumerate(part.photos, start):
            first.setdefault(photo.digest, (photo, n))
        start += len(part.photos)
    photos = tuple(photo for photo, _ in first.values())
    at = [n for _, n in first.values()]
    has_conflicts = near_copies is not None and bool(
        list_conflicts(near_copies, {digest: photo for digest, (photo, _) in first.items()})
    )
    y = np.concatenate([part.y for part in table.splits.values()])
    photo_set = PhotoSet(
        catalog=table.catalog, photos=photos, labels=table.catalog.labels, y=y[at],
        X=_take_features(table, at) if has_conflicts else np.zeros((len(at), 1), np.float32),
        near_copies=near_copies if near_copies is not None and has_conflicts else NearCopies((), {}),
        measures=None if fresh is None else fresh.get_measures(photos),
    )  # fmt: skip
    found = find_unreadable_files(photo_set) + find_poor_photos(photo_set, reads_headers=False)
    if has_conflicts:
        found += [finding for finding in find_copies(photo_set) if finding.score > OF_SPLITS]
    return found


def _take_features(table: FeatureTable, at: list[int]) -> npt.NDArray[np.float32]:
    """Return the features that tell which of several labels fits near copies; zeros if they are larger than memory."""
    if is_streamed(table.splits["train"].views):
        return np.zeros((len(at), 1), np.float32)
    return join_rows(*(part.X for part in table.splits.values()))[at]
