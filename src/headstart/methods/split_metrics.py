"""Judge a head on the rows of a split: metrics, and the predictions behind them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.evaluation.metrics import evaluate_probabilities, majority_accuracy
from headstart.methods.feature_table import SplitFeatures


@dataclass(frozen=True)
class SplitPredictions:
    """A split and what the classifier says of it.

    Attributes
    ----------
    probabilities
        (N, C) float32.
    """

    features: SplitFeatures
    probabilities: npt.NDArray[np.float32]

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """(N,) class numbers."""
        return np.asarray(self.probabilities.argmax(1), np.int64)

    @property
    def is_right(self) -> npt.NDArray[np.bool_]:
        """(N,) whether the prediction is the label."""
        return np.asarray(self.predicted == self.features.y, np.bool_)


def measure_split(predictions: SplitPredictions, labels: Sequence[str]) -> dict[str, Any] | None:
    """Return the metrics of a split as they stand in metrics.json, or None if the split is empty."""
    y = predictions.features.y
    if not len(y):
        return None
    # the best that one constant answer could do here: with classes of equal size the commonest in training is a toss-up
    majority = int(np.bincount(y, minlength=len(labels)).argmax())
    return evaluate_probabilities(y, predictions.probabilities, labels) | {
        "majority_accuracy": majority_accuracy(y, y, len(labels)),
        "majority_class": labels[majority],
    }


def write_predictions(path: Path, splits: Mapping[str, SplitPredictions], labels: Sequence[str]) -> None:
    """Write one row per photo: path, split, label, prediction, probability, is_right, and every class's probability.

    Rows are written as they are formatted: a hundred thousand photos of many classes are gigabytes.
    """
    numbers = ",".join(["%.6f"] * len(labels))  # one formatting for the row, as fast as Python can
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        writer = csv.writer(file)
        header = ["path", "split", "label", "prediction", "probability", "is_right"]
        writer.writerow([*header, *(f"probability of {label}" for label in labels)])
        for split, predictions in splits.items():
            photos, predicted = predictions.features.photos, predictions.predicted
            rows = zip(photos, predicted, predictions.is_right, predictions.probabilities, strict=True)
            for photo, number, is_right, row in rows:
                values = (numbers % tuple(row.tolist())).split(",")
                writer.writerow([photo.file, split, photo.label, labels[number], values[number], is_right, *values])
