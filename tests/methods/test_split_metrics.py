"""Predictions for a split, and their metrics."""

import csv
from pathlib import Path

import numpy as np
import pytest

from headstart.catalog.photo import Photo
from headstart.classifier.decision import Decision
from headstart.methods.feature_table import SplitFeatures
from headstart.methods.split_metrics import SplitPredictions, measure_split, write_predictions

LABELS = ["a", "b"]


def judge(labels, probabilities):
    photos = tuple(Photo(f"{n}.jpg", label, digest=f"{n:02}", split="test") for n, label in enumerate(labels))
    y = np.array([LABELS.index(label) for label in labels], np.int64)
    X = np.zeros((len(y), 3), np.float32)
    return SplitPredictions(SplitFeatures(photos, X, y, X[None]), np.array(probabilities, np.float32).reshape(-1, 2))


def test_a_prediction_is_right_if_the_largest_probability_is_that_of_the_label():
    predictions = judge("aab", [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
    assert predictions.predicted.tolist() == [0, 1, 1]
    assert predictions.is_right.tolist() == [True, False, True]
    metrics = measure_split(predictions, LABELS)
    assert (metrics["n"], round(metrics["accuracy"], 3)) == (3, 0.667)
    assert (metrics["majority_class"], round(metrics["majority_accuracy"], 3)) == ("a", 0.667)


def test_an_empty_split_has_no_metrics():
    assert measure_split(judge("", []), LABELS) is None


def test_rows_are_sorted_by_path(tmp_path):
    predictions = judge("ab", [[0.75, 0.25], [0.6, 0.4]])
    features = predictions.features
    backwards = SplitFeatures(features.photos[::-1], features.X[::-1], features.y[::-1], features.views[:, ::-1])
    for name, some in (("p", predictions), ("q", SplitPredictions(backwards, predictions.probabilities[::-1]))):
        write_predictions(tmp_path / f"{name}.csv", {"test": some}, LABELS)
    assert (tmp_path / "p.csv").read_text() == (tmp_path / "q.csv").read_text()


def test_every_photo_gets_a_row(tmp_path):
    predictions = judge("ab", [[0.75, 0.25], [0.6, 0.4]])
    write_predictions(tmp_path / "p.csv", {"test": predictions}, LABELS, str(Path.cwd()))
    with (tmp_path / "p.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows[1] == {
        "path": "1.jpg", "split": "test", "label": "b", "prediction": "a", "probability": "0.600000",
        "is_right": "False", "probability of a": "0.600000", "probability of b": "0.400000",
    }  # fmt: skip


def test_of_many_classes_a_row_names_the_five_most_probable(tmp_path):
    labels = [f"c{number:02}" for number in range(60)]
    probabilities = np.zeros((1, 60), np.float32)
    probabilities[0, [7, 3, 40, 2, 9, 5]] = 0.4, 0.3, 0.1, 0.09, 0.08, 0.03
    photo = Photo("0.jpg", "c05", digest="00", split="test")
    X = np.zeros((1, 3), np.float32)
    split = SplitPredictions(SplitFeatures((photo,), X, np.array([5]), X[None]), probabilities)
    write_predictions(tmp_path / "p.csv", {"test": split}, labels, str(Path.cwd()))
    with (tmp_path / "p.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["prediction"], row["probability"], row["is_right"]) == ("c07", "0.400000", "False")
    assert row["probability of the label"] == "0.030000"
    assert [row[f"prediction {place}"] for place in (2, 3, 4, 5)] == ["c03", "c40", "c02", "c09"]
    assert row["probability 5"] == "0.080000"


@pytest.mark.parametrize("n_classes", [2, 60])
def test_a_spreadsheet_takes_no_name_for_a_formula(tmp_path, n_classes):
    labels = [f"={number}" for number in range(n_classes)]
    probabilities = np.full((1, n_classes), 1 / n_classes, np.float32)
    photo, X = Photo("@a;=b.jpg", "=1", digest="00", split="test"), np.zeros((1, 3), np.float32)
    split = SplitPredictions(SplitFeatures((photo,), X, np.array([1]), X[None]), probabilities)
    write_predictions(tmp_path / "p.csv", {"test": split}, labels, str(Path.cwd()))
    with (tmp_path / "p.csv").open() as file:
        cells = [part for row in csv.reader(file) for cell in row for part in cell.split(";")]
    assert not any(cell.startswith(("=", "@")) for cell in cells)
    assert {"'@a", "'=b.jpg", "'=1", "'=0"} <= set(cells)


def test_with_a_decision_a_row_has_the_answer_beside_the_most_probable_class(tmp_path):
    predictions = judge("ab", [[0.75, 0.25], [0.9, 0.1]])
    write_predictions(tmp_path / "p.csv", {"test": predictions}, LABELS, decision=Decision(label="b", threshold=0.2))
    with (tmp_path / "p.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["prediction"], row["answer"], row["is_right"]) for row in rows] == [
        ("a", "b", "True"), ("a", "a", "False")
    ]  # fmt: skip
