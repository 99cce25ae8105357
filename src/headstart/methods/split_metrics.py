"""Predictions for a split, their metrics and their table."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.photo import digest_photos
from headstart.classifier.decision import Decision, decide_answers
from headstart.evaluation.curves import trace_curves
from headstart.evaluation.metrics import evaluate_probabilities, majority_accuracy
from headstart.methods.feature_table import SplitFeatures
from headstart.storage.photo_folder import shorten_path
from headstart.storage.spreadsheet_cells import guard_cell

MAX_ALL = 50  # classes; with more, a table of all probabilities is too long to be read
N_TOP = 5
MANY_COLUMNS = [
    "probability of the label",
    *(f"{name} {place}" for place in range(2, N_TOP + 1) for name in ("prediction", "probability")),
]


@dataclass(frozen=True)
class SplitPredictions:
    """Predictions of a classifier for the N photos of a split: (N, C) float32 probabilities."""

    features: SplitFeatures
    probabilities: npt.NDArray[np.float32]

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """(N,) predicted class numbers."""
        return np.asarray(self.probabilities.argmax(1), np.int64)

    @property
    def is_right(self) -> npt.NDArray[np.bool_]:
        """(N,) bool: whether the prediction is the label."""
        return np.asarray(self.predicted == self.features.y, np.bool_)


def measure_split(predictions: SplitPredictions, labels: Sequence[str]) -> dict[str, Any] | None:
    """Return the metrics of a split for metrics.json, or None if the split is empty."""
    y = predictions.features.y
    if not len(y):
        return None
    # the majority of this split: with classes of equal size, that of the training photos would be a matter of chance
    majority = int(np.bincount(y, minlength=len(labels)).argmax())
    measures = evaluate_probabilities(y, predictions.probabilities, labels, groups=predictions.features.groups)
    return measures | {
        "majority_accuracy": majority_accuracy(y, y, len(labels)),
        "majority_class": labels[majority],
        "curves": trace_curves(y, predictions.probabilities, measures["per_class"]),
        "photos_digest": digest_photos(predictions.features.photos),
    }


def write_predictions(
    path: Path,
    splits: Mapping[str, SplitPredictions],
    labels: Sequence[str],
    folder: str | None = None,
    decision: Decision | None = None,
) -> None:
    """Write a CSV with one row per photo: path, split, label, prediction, and probabilities.

    The rows of a split are sorted by path. Paths are relative to the folder, or absolute. Up to 50 classes, a row has
    the probability of every class. For more classes it has that of the label, and the five most probable classes with
    their probabilities: the first in the columns prediction and probability, the others in ``prediction 2`` and so on.
    With a decision, the column ``answer`` has the answer of the classifier; prediction is the most probable class.
    Each row is written at once, because the text of a hundred thousand photos takes gigabytes. Names are written by
    `guard_cell`.
    """
    is_whole = len(labels) <= MAX_ALL
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        writer = csv.writer(file)
        header = ["path", "split", "label", "prediction", "probability", "is_right"]
        columns = [guard_cell(f"probability of {label}") for label in labels] if is_whole else MANY_COLUMNS
        writer.writerow([*header, *(["answer"] if decision else []), *columns])
        for split, predictions in splits.items():
            photos, y, predicted = predictions.features.photos, predictions.features.y, predictions.predicted
            decided = decide_answers(predictions.probabilities, labels, decision)
            rows = list(
                zip(photos, y, predicted, predictions.is_right, predictions.probabilities, decided, strict=True)
            )
            for photo, number, answer, is_right, row, final in sorted(rows, key=lambda row: row[0].file):
                values = _format_all(row) if is_whole else _format_top(row, labels, number)
                names = map(guard_cell, (shorten_path(photo.file, folder), split, photo.label, labels[answer]))
                final_label = [guard_cell(labels[final])] if decision else []
                writer.writerow([*names, f"{row[answer]:.6f}", is_right, *final_label, *values])


def _format_all(row: npt.NDArray[np.float32]) -> list[str]:
    return (",".join(["%.6f"] * len(row)) % tuple(row.tolist())).split(",")  # one format for a whole row is fastest


def _format_top(row: npt.NDArray[np.float32], labels: Sequence[str], number: int) -> Iterator[str]:
    """Yield the cells of `MANY_COLUMNS`: the probability of the label, then the second to the fifth class.

    The most probable class is not among them: it is in the columns prediction and probability.
    """
    yield f"{row[number]:.6f}"
    for place in np.argsort(-row, kind="stable")[1:N_TOP].tolist():
        yield from (guard_cell(labels[place]), f"{row[place]:.6f}")
