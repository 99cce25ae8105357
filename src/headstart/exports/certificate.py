"""The certificate: an export and the classifier that it was made of are asked about the same photos."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from headstart.catalog.photo import Photo
from headstart.classifier.classifier import Classifier
from headstart.errors import CatalogError, PhotoError
from headstart.evaluation.intervals import wilson_interval
from headstart.exports.answer import Answer
from headstart.exports.calibration_split import ENOUGH_TO_DECIDE
from headstart.pixels.decode import decode_photo, open_photo
from headstart.pixels.photo_bytes import read_bytes
from headstart.process.progress import Progress, ignore_progress

N_TIMED = 100  # photos, at most
Told = ParamSpec("Told")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Answers:
    """What both said of the same photos.

    Attributes
    ----------
    photos
        N of them: those that both answered.
    ours, theirs
        (N, C) float32: probabilities by the classifier and by the export.
    seconds
        Of the classifier and of the export for one photo, from its file's bytes to probabilities; medians.
    failures
        What could not be read, and why.
    unanswered
        Of these the classifier answers so many, and the export does not.
    """

    photos: list[Photo]
    ours: npt.NDArray[np.float32]
    theirs: npt.NDArray[np.float32]
    seconds: tuple[float, float]
    failures: list[dict[str, str]]
    unanswered: list[Photo]


def ask_both(
    classifier: Classifier, answer: Answer, photos: Sequence[Photo], *, progress: Progress = ignore_progress
) -> Answers:
    """Ask the classifier, from photo files as ever, and its export, from pixels as they are stored.

    Raises
    ------
    CatalogError
        If no photo can be read.
    """
    answered, ours, theirs, times = [], [], [], []
    failures: list[dict[str, str]] = []
    unanswered: list[Photo] = []
    for n_done, photo in enumerate(photos, 1):
        is_answered = False
        try:
            data = read_bytes(photo.path)
            our_row, our_s = _time(_ask_classifier, classifier, data)
            pixels, opening_s = _time(open_photo, data)
            is_answered = True
            their_row, asking_s = _time(answer, photo.path, pixels)
        except PhotoError as error:
            failures.append({"path": str(photo.path), "reason": str(error)})
            unanswered += [photo] * is_answered
            continue
        answered.append(photo)
        ours.append(our_row)
        theirs.append(their_row)
        times.append((our_s, opening_s + asking_s))
        progress(n_done, len(photos))
    if not answered:
        raise CatalogError(f"Cannot check the export: none of {len(photos):,} photos can be read.")
    medians = np.median(times[:N_TIMED], axis=0)
    return Answers(answered, np.array(ours), np.array(theirs), (medians[0], medians[1]), failures, unanswered)


def _ask_classifier(classifier: Classifier, data: bytes) -> npt.NDArray[np.float32]:
    row: npt.NDArray[np.float32] = classifier.predict_pixels(decode_photo(data, classifier.image_size)[None])[0]
    return row


def _time(function: Callable[Told, Result], *told: Told.args, **options: Told.kwargs) -> tuple[Result, float]:
    began = time.perf_counter()
    result = function(*told, **options)
    return result, time.perf_counter() - began


def certify(classifier: Classifier, answers: Answers, calibrated: Collection[Photo] = ()) -> dict[str, Any]:
    """Return how far the two agree, in plain JSON types.

    Parameters
    ----------
    calibrated
        The photos on which the export was quantised.

    Returns
    -------
    ``n`` photos; ``parity``: ``label_agreement`` (the share that both name alike), ``n_disagreeing``, ``n_unanswered``,
    ``max_probability_gap`` and ``mean_probability_gap`` over all of them; ``n_unseen``, ``n_disagreeing_unseen``,
    ``n_unanswered_unseen`` and ``label_agreement_unseen`` (None of no photos) over those that the classifier was
    neither trained on nor the export quantised on; ``is_decided_on_unseen``, where there are 30 of them;
    ``calibrated_on``: None, or ``n`` photos and how many of them the classifier was trained on, ``n_trained_on``.

    ``accuracy``: of both with 95% intervals, on the ``n`` photos that the classifier was not trained on and whose label
    it knows, less those of the quantising where it is decided on unseen photos, or None if there are none;
    ``unknown_labels`` and how many photos have them; ``ms_per_photo`` of both; ``skipped``.
    """
    metadata = classifier.metadata
    digests = {photo.digest for photo in calibrated}

    def list_unseen(photos: Sequence[Photo]) -> npt.NDArray[np.bool_]:
        return np.array([not metadata.has_seen(p.digest) and p.digest not in digests for p in photos], bool)

    gaps = np.abs(answers.ours - answers.theirs)
    is_other = answers.ours.argmax(1) != answers.theirs.argmax(1)
    is_unseen, n_unanswered_unseen = list_unseen(answers.photos), int(list_unseen(answers.unanswered).sum())
    n_unseen = int(is_unseen.sum())
    is_decided_on_unseen = n_unseen + n_unanswered_unseen >= ENOUGH_TO_DECIDE
    n_trained_on = sum(metadata.has_seen(photo.digest) for photo in calibrated)
    is_fresh = np.array([not metadata.has_seen(photo.digest) for photo in answers.photos], bool)
    return {
        "n": len(answers.photos),
        "parity": {
            "label_agreement": float(1 - is_other.mean()),
            "n_disagreeing": int(is_other.sum()),
            "n_unanswered": len(answers.unanswered),
            "max_probability_gap": float(gaps.max()),
            "mean_probability_gap": float(gaps.mean()),
            "n_unseen": n_unseen,
            "label_agreement_unseen": float(1 - is_other[is_unseen].mean()) if n_unseen else None,
            "n_disagreeing_unseen": int(is_other[is_unseen].sum()),
            "n_unanswered_unseen": n_unanswered_unseen,
            "is_decided_on_unseen": is_decided_on_unseen,
            "calibrated_on": {"n": len(calibrated), "n_trained_on": n_trained_on} if calibrated else None,
        },
        "accuracy": _judge(classifier, answers, is_unseen if is_decided_on_unseen else is_fresh),
        "unknown_labels": dict(Counter(p.label for p in answers.photos if p.label not in classifier.labels)),
        "ms_per_photo": {
            name: round(1000 * seconds, 3)
            for name, seconds in zip(("classifier", "export"), answers.seconds, strict=True)
        },
        "skipped": answers.failures,
    }


def _judge(classifier: Classifier, answers: Answers, is_fair: npt.NDArray[np.bool_]) -> dict[str, Any] | None:
    """Return the accuracies of both on the photos that are fair to judge by and whose label is known."""
    numbers = {label: i for i, label in enumerate(classifier.labels)}
    fresh = [i for i, photo in enumerate(answers.photos) if is_fair[i] and photo.label in numbers]
    if not fresh:
        return None
    y = np.array([numbers[answers.photos[i].label] for i in fresh])
    judged: dict[str, Any] = {"n": len(fresh)}
    for name, rows in (("classifier", answers.ours), ("export", answers.theirs)):
        n_right = int((rows[fresh].argmax(1) == y).sum())
        judged[name] = {"accuracy": n_right / len(y), "accuracy_ci95": list(wilson_interval(n_right, len(y)))}
    return judged
