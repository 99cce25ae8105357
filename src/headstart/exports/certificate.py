"""The certificate: an export and the classifier that it was made of are asked about the same photos."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.table import Photo
from headstart.classifier.classifier import Classifier
from headstart.errors import CatalogError, PhotoError
from headstart.evaluation.intervals import wilson_interval
from headstart.exports.formats import Answer
from headstart.pixels.decode import decode_photo, open_photo
from headstart.pixels.reading import read_bytes
from headstart.progress import Progress, ignore_progress

N_TIMED = 100  # photos, at most


@dataclass(frozen=True)
class Answers:
    """What both said of the same photos.

    Attributes
    ----------
    photos
        N of them: those that can be read.
    ours, theirs
        (N, C) float32: probabilities by the classifier and by the export.
    seconds
        Of the classifier and of the export for one photo, from decoded pixels; medians.
    failures
        What could not be read, and why.
    n_unanswered
        Of these the classifier answers so many, and the export does not.
    """

    photos: list[Photo]
    ours: npt.NDArray[np.float32]
    theirs: npt.NDArray[np.float32]
    seconds: tuple[float, float]
    failures: list[dict[str, str]]
    n_unanswered: int


def ask_both(
    classifier: Classifier, answer: Answer, photos: Sequence[Photo], *, progress: Progress = ignore_progress
) -> Answers:
    """Ask the classifier, from photo files as ever, and its export, from pixels as they are stored.

    Raises
    ------
    CatalogError
        If no photo can be read.
    """
    answered, ours, theirs, failures = [], [], [], []
    times: list[tuple[float, float]] = []
    n_unanswered = 0
    for n_done, photo in enumerate(photos, 1):
        try:
            data = read_bytes(photo.path)
            small, whole = decode_photo(data, classifier.image_size), open_photo(data)
        except PhotoError as error:
            failures.append({"path": str(photo.path), "reason": str(error)})
            continue
        began = time.perf_counter()
        try:
            row = answer(photo.path, whole)
        except PhotoError as error:
            n_unanswered += 1
            failures.append({"path": str(photo.path), "reason": str(error)})
            continue
        between = time.perf_counter()
        theirs.append(row)
        ours.append(classifier.predict_pixels(small[None])[0])
        if len(times) < N_TIMED:
            times.append((time.perf_counter() - between, between - began))
        answered.append(photo)
        progress(n_done, len(photos))
    if not answered:
        raise CatalogError(f"Cannot check the export: none of {len(photos):,} photos can be read.")
    medians = np.median(times, axis=0)
    return Answers(answered, np.array(ours), np.array(theirs), (medians[0], medians[1]), failures, n_unanswered)


def certify(classifier: Classifier, answers: Answers) -> dict[str, Any]:
    """Return how far the two agree, in plain JSON types.

    Returns
    -------
    ``n`` photos; ``parity``: ``label_agreement`` (the share that both name alike), ``n_disagreeing``, ``n_unanswered``,
    ``max_probability_gap`` and ``mean_probability_gap``; ``accuracy``: of both with 95% intervals, on the ``n`` photos
    that the classifier was not trained on and whose label it knows, or None if there are none; ``ms_per_photo`` of
    both; ``skipped``.
    """
    gaps = np.abs(answers.ours - answers.theirs)
    is_alike = answers.ours.argmax(1) == answers.theirs.argmax(1)
    return {
        "n": len(answers.photos),
        "parity": {
            "label_agreement": float(is_alike.mean()),
            "n_disagreeing": int((~is_alike).sum()),
            "n_unanswered": answers.n_unanswered,
            "max_probability_gap": float(gaps.max()),
            "mean_probability_gap": float(gaps.mean()),
        },
        "accuracy": _judge(classifier, answers),
        "ms_per_photo": {
            name: round(1000 * seconds, 3)
            for name, seconds in zip(("classifier", "export"), answers.seconds, strict=True)
        },
        "skipped": answers.failures,
    }


def _judge(classifier: Classifier, answers: Answers) -> dict[str, Any] | None:
    numbers = {label: i for i, label in enumerate(classifier.labels)}
    fresh = [
        i for i, photo in enumerate(answers.photos)
        if photo.label in numbers and not classifier.metadata.has_seen(photo.digest)
    ]  # fmt: skip
    if not fresh:
        return None
    y = np.array([numbers[answers.photos[i].label] for i in fresh])
    judged: dict[str, Any] = {"n": len(fresh)}
    for name, rows in (("classifier", answers.ours), ("export", answers.theirs)):
        n_right = int((rows[fresh].argmax(1) == y).sum())
        judged[name] = {"accuracy": n_right / len(y), "accuracy_ci95": list(wilson_interval(n_right, len(y)))}
    return judged
