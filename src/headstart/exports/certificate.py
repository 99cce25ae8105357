"""The certificate of an export: how closely its predictions agree with those of the classifier that it was made from.

The classifier and the export predict the same photos. The classifier reads each file as it always does; the export gets
the upright pixels of the file. The certificate compares labels, refused photos, probabilities, accuracies and times. An
export that disagrees on too many photos is refused (export.py). Unseen photos decide if there are enough of them: on
photos that the classifier was trained on, or the export quantised on, an export agrees more than it will on others.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from headstart.catalog.photo import Photo, digest_photos
from headstart.catalog.photo_groups import name_groups
from headstart.classifier.classifier import Classifier
from headstart.classifier.decision import decide_answers
from headstart.errors import CatalogError, PhotoError
from headstart.evaluation.intervals import bound_share
from headstart.exports.prediction import Outputs, PredictOne
from headstart.pixels.decode import decode_photo, open_photo
from headstart.pixels.photo_bytes import read_bytes
from headstart.process.progress import Progress, ignore_progress

N_TIMED = 100  # photos at most
ENOUGH_TO_DECIDE = 30  # unseen photos; with fewer, all checked photos decide whether an export is accepted
REFUSAL_KEYS = (
    "refused_share", "refused_agreement", "n_refused_differently", "n_refused", "max_novelty_gap",
    "refused_agreement_unseen", "n_refused_differently_unseen",
)  # fmt: skip
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class PairedPredictions:
    """The predictions of the classifier and of its export for the same photos.

    Attributes
    ----------
    photos
        The N photos that both predicted.
    ours, theirs
        (N, C) float32 probabilities of the classifier and of the export.
    novelties
        (N,) float32 novelties of the classifier and of the export; None if one of them has none.
    seconds
        Median times of the classifier and of the export for one photo, from the bytes of its file to probabilities.
    failures
        Path and reason of each photo that one of them could not read.
    unanswered
        Those of them that the classifier predicts and the export does not.
    """

    photos: list[Photo]
    ours: npt.NDArray[np.float32]
    theirs: npt.NDArray[np.float32]
    seconds: tuple[float, float]
    failures: list[dict[str, str]]
    unanswered: list[Photo]
    novelties: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None = None


def predict_with_both(
    classifier: Classifier, predict: PredictOne, photos: Sequence[Photo], *, progress: Progress = ignore_progress
) -> PairedPredictions:
    """Predict photos with the classifier, from their files, and with its export, from their upright pixels.

    Raises
    ------
    CatalogError
        If no photo can be read.
    """
    predicted, times = [], []
    ours: list[Outputs] = []
    theirs: list[Outputs] = []
    failures: list[dict[str, str]] = []
    unanswered: list[Photo] = []
    for n_done, photo in enumerate(photos, 1):
        is_ours = False
        try:
            data = read_bytes(photo.path)
            our, our_s = _time(_predict, classifier, data)
            pixels, opening_s = _time(open_photo, data, classifier.metadata.depth)
            is_ours = True
            their, their_s = _time(predict, photo.path, pixels)
        except PhotoError as error:
            failures.append({"path": str(photo.path), "reason": str(error)})
            unanswered += [photo] * is_ours
            continue
        predicted.append(photo)
        ours.append(our)
        theirs.append(their)
        times.append((our_s, opening_s + their_s))
        progress(n_done, len(photos))
    if not predicted:
        raise CatalogError(f"Cannot check the export: got {len(photos):,} photos, need some that can be read.")
    medians = np.median(times[:N_TIMED], axis=0)
    our_rows, their_rows = (np.array([one.probabilities for one in outputs]) for outputs in (ours, theirs))
    return PairedPredictions(
        photos=predicted, ours=our_rows, theirs=their_rows, seconds=(medians[0], medians[1]),
        failures=failures, unanswered=unanswered, novelties=_pair_novelties(ours, theirs),
    )  # fmt: skip


def _predict(classifier: Classifier, data: bytes) -> Outputs:
    pixels = decode_photo(data, classifier.image_size, depth=classifier.metadata.depth)
    probabilities, novelties = classifier.judge_pixels(pixels[None])
    return Outputs(probabilities[0], None if novelties is None else float(novelties[0]))


def _pair_novelties(
    ours: Sequence[Outputs], theirs: Sequence[Outputs]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None:
    if any(one.novelty is None for one in (*ours, *theirs)):
        return None
    our, their = (np.array([one.novelty for one in outputs], np.float32) for outputs in (ours, theirs))
    return our, their


def _time(function: Callable[..., Result], *arguments: Any) -> tuple[Result, float]:
    began = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - began


def build_certificate(
    classifier: Classifier, predictions: PairedPredictions, calibrated: Collection[Photo] = ()
) -> dict[str, Any]:
    """Return the certificate, in plain JSON types.

    Parameters
    ----------
    calibrated
        Photos on which the export was quantised.

    Returns
    -------
    ``n``
        Number of photos.
    ``parity``
        ``label_agreement``, the share of photos with the same answer (by the classifier's decision, if it has one),
        ``n_disagreeing`` and ``n_unanswered``;
        ``max_probability_gap`` and ``mean_probability_gap`` over all probabilities. The same for unseen photos:
        ``n_unseen``, ``label_agreement_unseen`` (None without photos), ``n_disagreeing_unseen`` and
        ``n_unanswered_unseen``. A photo is unseen if the classifier was not trained on it and the export not quantised
        on it. ``is_decided_on_unseen``: whether at least 30 are unseen. ``calibrated_on``: None, or ``n``, the number
        of photos that it was quantised on, and ``n_trained_on``, the number of training photos among them.
        On refused photos: ``refused_share``, the share of own photos that the classifier may refuse, and by it
        ``refused_agreement``, the share of photos that both refuse or both answer, ``n_refused_differently``,
        ``n_refused`` of ``classifier`` and ``export``, and ``max_novelty_gap``; the same for unseen photos:
        ``refused_agreement_unseen`` and ``n_refused_differently_unseen``. All are None if the classifier refuses no
        photos, or the export has no novelty.
    ``accuracy``
        Accuracies of both with 95% intervals, or None without photos for it. Training photos and photos with unknown
        labels are left out; so are the photos of the quantisation, if unseen photos decide. ``n_lost`` and ``n_won``:
        numbers of photos that only the classifier, or only the export, predicts right. As in the report, the most
        probable class counts, whatever the decision. ``photos_digest``: a digest of these photos.
    ``unknown_labels``
        Number of photos of each label that the classifier does not know.
    ``ms_per_photo``, ``skipped``
        Times of both, and the photos that could not be read.
    """
    metadata = classifier.metadata
    digests = {photo.digest for photo in calibrated}

    def list_unseen(photos: Sequence[Photo]) -> npt.NDArray[np.bool_]:
        return np.array([not metadata.has_seen(p.digest) and p.digest not in digests for p in photos], bool)

    gaps = np.abs(predictions.ours - predictions.theirs)
    answers = [decide_answers(p, classifier.labels, metadata.decision) for p in (predictions.ours, predictions.theirs)]
    is_other = answers[0] != answers[1]
    is_unseen, n_unanswered_unseen = list_unseen(predictions.photos), int(list_unseen(predictions.unanswered).sum())
    n_unseen = int(is_unseen.sum())
    is_decided_on_unseen = n_unseen + n_unanswered_unseen >= ENOUGH_TO_DECIDE
    n_trained_on = sum(metadata.has_seen(photo.digest) for photo in calibrated)
    is_fresh = np.array([not metadata.has_seen(photo.digest) for photo in predictions.photos], bool)
    times = zip(("classifier", "export"), predictions.seconds, strict=True)
    return {
        "n": len(predictions.photos),
        "parity": {
            "label_agreement": float(1 - is_other.mean()),
            "n_disagreeing": int(is_other.sum()),
            "n_unanswered": len(predictions.unanswered),
            "max_probability_gap": float(gaps.max()),
            "mean_probability_gap": float(gaps.mean()),
            "n_unseen": n_unseen,
            "label_agreement_unseen": float(1 - is_other[is_unseen].mean()) if n_unseen else None,
            "n_disagreeing_unseen": int(is_other[is_unseen].sum()),
            "n_unanswered_unseen": n_unanswered_unseen,
            "is_decided_on_unseen": is_decided_on_unseen,
            **_compare_refusals(predictions.novelties, classifier.rules.refused_share, is_unseen),
            "calibrated_on": {"n": len(calibrated), "n_trained_on": n_trained_on} if calibrated else None,
        },
        "accuracy": _compute_accuracies(classifier, predictions, is_unseen if is_decided_on_unseen else is_fresh),
        "unknown_labels": dict(Counter(p.label for p in predictions.photos if p.label not in classifier.labels)),
        "ms_per_photo": {name: round(1000 * seconds, 3) for name, seconds in times},
        "skipped": predictions.failures,
    }


def _compare_refusals(
    novelties: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None, refused_share: float | None,
    is_unseen: npt.NDArray[np.bool_],
) -> dict[str, Any]:  # fmt: skip
    """Return the part of ``parity`` on refused photos."""
    if novelties is None or refused_share is None:
        return dict.fromkeys(REFUSAL_KEYS)
    ours, theirs = (novelty <= refused_share for novelty in novelties)
    is_other = ours != theirs
    values = (
        refused_share, float(1 - is_other.mean()), int(is_other.sum()),
        {"classifier": int(ours.sum()), "export": int(theirs.sum())},
        float(np.abs(novelties[0] - novelties[1]).max()),
        float(1 - is_other[is_unseen].mean()) if is_unseen.any() else None, int(is_other[is_unseen].sum()),
    )  # fmt: skip
    return dict(zip(REFUSAL_KEYS, values, strict=True))


def _compute_accuracies(
    classifier: Classifier, predictions: PairedPredictions, is_fair: npt.NDArray[np.bool_]
) -> dict[str, Any] | None:
    """Return the accuracies of both on the fair photos whose label is known, or None."""
    numbers = {label: i for i, label in enumerate(classifier.labels)}
    fair = [i for i, photo in enumerate(predictions.photos) if is_fair[i] and photo.label in numbers]
    if not fair:
        return None
    y = np.array([numbers[predictions.photos[i].label] for i in fair])
    groups = name_groups([predictions.photos[i] for i in fair])
    ours, theirs = (rows[fair].argmax(1) == y for rows in (predictions.ours, predictions.theirs))
    accuracies: dict[str, Any] = {
        "n": len(fair), "n_lost": int((ours & ~theirs).sum()), "n_won": int((theirs & ~ours).sum()),
        "photos_digest": digest_photos(predictions.photos[i] for i in fair),
    }  # fmt: skip
    for name, is_right in (("classifier", ours), ("export", theirs)):
        interval = bound_share(is_right, np.ones(len(y)), groups)
        accuracies[name] = {"accuracy": int(is_right.sum()) / len(y), "accuracy_ci95": interval}
    return accuracies
