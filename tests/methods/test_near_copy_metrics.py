"""The test accuracy with and without the photos that have a near copy in training."""

import numpy as np
import pytest

from headstart.catalog.photo import Photo
from headstart.features.near_copies import CopyPair
from headstart.features.near_copy_groups import group_near_copies
from headstart.methods.feature_table import SplitFeatures
from headstart.methods.near_copy_metrics import measure_near_copies
from headstart.methods.split_metrics import SplitPredictions

LABELS = ("cats", "dogs")


def predict(split, names, right):
    photos = tuple(Photo(name, LABELS[n % 2], digest=name, split=split) for n, name in enumerate(names))
    y = np.arange(len(names)) % 2
    X = np.zeros((len(names), 3), np.float32)
    answers = np.where(right, y, 1 - y)
    return SplitPredictions(SplitFeatures(photos, X, y, X[None]), np.eye(2, dtype=np.float32)[answers])


@pytest.fixture
def predictions():
    test = [True] * 6 + [False] * 4
    return {
        "train": predict("train", [f"train {n}" for n in range(6)], [True] * 6),
        "validation": predict("validation", ["validation 0"], [True]),
        "test": predict("test", [f"test {n}" for n in range(10)], test),
    }


def test_the_copies_are_left_out(predictions):
    pairs = [CopyPair(f"test {n}", f"train {n}", 1.0, 1.0) for n in range(4)] + [CopyPair("test 8", "test 9", 1.0, 1.0)]
    record = measure_near_copies(group_near_copies(pairs, 17), predictions, LABELS)
    assert record["across"] == {"validation": 0, "test": 4}
    assert (record["without"]["n"], record["without"]["accuracy"]) == (6, pytest.approx(2 / 6))
    assert (record["n_photos"], record["n_groups"], record["n_pairs"], record["n_conflicts"]) == (10, 5, 5, 1)


def test_without_copies_across_there_is_one_accuracy(predictions):
    record = measure_near_copies(group_near_copies([], 17), predictions, LABELS)
    assert record["without"] is None
    assert record["n_pairs"] == 0
    assert measure_near_copies(None, predictions, LABELS) is None


def test_if_all_have_a_copy_nothing_is_left_to_measure(predictions):
    pairs = [CopyPair(f"test {n}", "train 0", 1.0, 1.0) for n in range(10)]
    record = measure_near_copies(group_near_copies(pairs, 1000), predictions, LABELS)
    assert record["across"]["test"] == 10
    assert record["without"] is None
