"""Label sets of a trained method: calibrated on held-out photos, measured on test photos."""

from types import SimpleNamespace

import numpy as np
import pytest

from headstart.catalog.photo import Photo
from headstart.methods.label_sets import fit_label_sets, measure_label_sets
from headstart.methods.split_metrics import SplitPredictions

LABELS = ("a", "b", "c", "d")


def make_split(n, seed, sharpness=1.2):
    generator = np.random.default_rng(seed)
    y = generator.integers(0, 4, n)
    rows = np.exp(2 * (generator.normal(size=(n, 4)) + sharpness * np.eye(4)[y]))
    photos = tuple(Photo(f"{seed}/{k}.jpg", LABELS[y[k]], digest=f"{seed:032x}{k:032x}", split=None) for k in range(n))
    features = SimpleNamespace(photos=photos, y=y, groups=None)
    return SplitPredictions(features, (rows / rows.sum(1, keepdims=True)).astype(np.float32))


def measure(predictions):
    return measure_label_sets(predictions, LABELS, fit_label_sets(predictions))


def make_predictions(n_validation, n_test, **changes):
    return {"train": make_split(50, 0, 9.0), "validation": make_split(n_validation, 1, **changes),
            "test": make_split(n_test, 2, **changes)}  # fmt: skip


def test_test_photos_are_judged_by_thresholds_of_the_validation_photos_alone():
    record = measure(make_predictions(300, 500))
    assert record["n"] == fit_label_sets(make_predictions(300, 500)).n_units == 800
    assert [row["level"] for row in record["levels"]] == [0.8, 0.9, 0.95, 0.99]
    for row in record["levels"]:
        low, high = row["test"]["coverage_ci95"]
        assert low <= row["test"]["coverage"] <= high
        assert abs(row["test"]["coverage"] - row["level"]) < 0.05
        assert 1 <= row["test"]["mean_size"] <= 4
    alone = fit_label_sets({"validation": make_split(300, 1), "test": make_split(0, 2)})
    part = make_predictions(300, 500)["test"]
    is_in = part.probabilities >= alone.find_threshold(0.95)
    is_in[np.arange(500), part.predicted] = True
    assert record["levels"][2]["test"]["coverage"] == is_in[np.arange(500), part.features.y].mean()


def test_only_a_share_that_was_counted_has_an_interval():
    record = measure(make_predictions(300, 500, sharpness=3.0))
    top_share = fit_label_sets(make_predictions(300, 500, sharpness=3.0)).top_share
    assert 0.95 < top_share < 0.99
    for row in record["levels"]:
        assert row["expected"] == max(row["level"], top_share)
        if row["expected_ci95"] is None:
            assert row["expected"] == row["level"]
        else:
            low, high = row["expected_ci95"]
            assert low < top_share < high
    assert [row["expected_ci95"] is None for row in record["levels"]] == [False, False, False, True]


def test_levels_that_the_photos_do_not_support_are_listed_with_the_number_that_would():
    record = measure(make_predictions(10, 20))
    assert record["unsupported"] == [{"level": 0.99, "n_needed": 99}]
    assert [row["test"] is None for row in record["levels"]] == [False, False, True]


def test_examples_are_photos_with_several_labels_whose_right_one_is_not_the_most_probable():
    record = measure(make_predictions(300, 500))
    assert len(record["examples"]) == 3
    for row in record["examples"]:
        assert row["level"] == 0.9
        assert len(row["set"]) >= 2
        assert row["label"] in row["set"][1:]


def test_a_classifier_that_is_nearly_always_right_has_no_examples():
    assert measure(make_predictions(300, 500, sharpness=9.0))["examples"] == []


@pytest.mark.parametrize(("n_validation", "n_test"), [(0, 60), (60, 0)])
def test_one_held_out_split_is_enough(n_validation, n_test):
    record = measure(make_predictions(n_validation, n_test))
    assert record["n"] == 60
    assert {row["test"] is None for row in record["levels"]} == {True}
    assert record["examples"]


def test_without_held_out_photos_there_are_no_label_sets():
    assert fit_label_sets(make_predictions(0, 0)) is None
    assert measure(make_predictions(0, 0)) is None
