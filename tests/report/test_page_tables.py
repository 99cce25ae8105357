"""Rows of the tables of the report."""

import pytest

from headstart.evaluation.metrics import evaluate_probabilities
from headstart.report.page_tables import (
    describe_settings,
    has_weighted_strengths,
    list_bars,
    list_classes,
    list_measures,
    list_strengths,
    list_trials,
)

JUDGED = evaluate_probabilities([0, 1, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.6, 0.4]], ["cats", "dogs"])
TEST = JUDGED | {"majority_accuracy": 0.75, "majority_class": "dogs"}


def test_bars_show_the_classifier_beside_the_guess():
    cross_validation = {"accuracy": 0.9, "accuracy_ci95": [0.6, 0.98], "n": 10, "n_folds": 5, "n_repeats": 1}
    bars = list_bars({"test": TEST, "cross_validation": cross_validation})
    assert [bar["kind"] for bar in bars] == ["classifier", "repeated", "guess"]
    assert [bar["text"] for bar in bars] == ["75.0%", "90.0%", "75.0%"]
    assert [bars[0]["low"], bars[0]["high"]] == JUDGED["accuracy_ci95"]
    assert [bars[1]["low"], bars[1]["high"]] == [0.6, 0.98]
    assert "dogs" in bars[2]["label"]


def test_the_accuracy_without_near_copies_comes_first_if_it_is_quoted():
    without = {"n": 200, "accuracy": 0.8, "accuracy_ci95": [0.74, 0.85]}
    near_copies = {"without": without, "across": {"test": 100}}
    bars = list_bars({"test": TEST | {"n": 300}, "near_copies": near_copies})
    assert [(bar["label"], bar["text"]) for bar in bars[:2]] == [
        ("Without near copies", "80.0%"), ("This classifier, test photos", "75.0%"),
    ]  # fmt: skip
    assert [bars[0]["low"], bars[0]["high"]] == without["accuracy_ci95"]


def test_the_cross_validation_of_an_earlier_version_has_no_bar():
    older = {"accuracy_mean": 0.99, "accuracy_sd": 0.02, "n": 10, "n_folds": 5, "n_repeats": 3}
    assert [bar["kind"] for bar in list_bars({"test": TEST, "cross_validation": older})] == ["classifier", "guess"]


def test_measures_have_a_column_for_each_split_with_photos():
    table = list_measures({"train": JUDGED, "validation": None, "test": JUDGED})
    assert table["columns"] == ["Test", "Training"]
    rows = {row["name"]: row["cells"] for row in table["rows"]}
    assert [cell["text"] for cell in rows["Photos"]] == ["4", "4"]
    assert rows["Accuracy"][0] == {"text": "75.0%", "range": "30.1% to 95.4%"}
    assert "Top-3 accuracy" not in rows  # of two classes


def test_classes_without_photos_have_dashes():
    judged = evaluate_probabilities([0], [[0.9, 0.1]], ["cats", "dogs"])
    cats, dogs = list_classes(judged)
    assert (cats["recall"], cats["support"], cats["number"]) == ("100.0%", "1", 0)
    assert (dogs["recall"], dogs["range"], dogs["precision"], dogs["f1"]) == ("—", "", "—", "—")


@pytest.mark.parametrize(
    ("metrics", "is_weighted"),
    [
        ({"strength": {"is_weighted": False}, "class_weights": None}, False),
        ({"strength": {"is_weighted": True}, "class_weights": None}, True),  # weights of photos
        ({"strength": {"chosen": 1.0}, "class_weights": {"cats": 1.0, "dogs": 4.0}}, True),
        ({"strength": {"chosen": 1.0}, "class_weights": None}, False),
        ({"strength": None}, False),
    ],
)
def test_weighted_strengths_are_known_also_in_older_metrics(metrics, is_weighted):
    assert has_weighted_strengths(metrics) == is_weighted


def test_the_chosen_strength_is_marked():
    table = [{"strength": s, "loss": 0.1, "accuracy": 0.9, "accuracy_sd": 0.01} for s in (0.001, 0.01)]
    rows = list_strengths({"strength": {"chosen": 0.01, "table": table}})
    assert [(row["strength"], row["is_chosen"]) for row in rows] == [("0.001", False), ("0.01", True)]
    assert rows[0]["sd"] == "± 1.0 points"
    assert list_strengths({"strength": None}) == []


def test_settings_list_only_what_the_metrics_have():
    settings = dict(
        describe_settings({"method": "fixed", "seed": 0, "n_extracted": 0, "n_cached": 3000, "image_size": 224})
    )
    assert settings["Method"].startswith("fixed: only the head")
    assert settings["Seed"] == "0"
    assert settings["Photos"] == "0 photos extracted, 3,000 read from the cache"
    assert settings["Image size"] == "224 by 224 pixels"
    assert "Depth" not in settings
    deep = dict(describe_settings({"depth": 12}))
    assert deep["Depth"] == "12 bits in files with 16 bits a sample: 4,095 is white"
    assert "Backbone" not in settings
    assert describe_settings({}) == []


def test_trials_list_what_auto_tried():
    trial = {
        "method": "hybrid", "cut": "block_12", "features": "last", "averaged_views": 4, "accuracy": 0.9,
        "judged_by": "validation", "n": 250, "seconds": 61.0, "gain": 0.0218, "needed": 0.0123,
        "is_kept": True,
    }  # fmt: skip
    plain = trial | {"method": "fixed", "features": "all", "averaged_views": 1, "gain": None, "is_kept": False}
    trials = list_trials({"auto": {"tried": [plain, trial], "why": "it was better"}})
    assert trials["why"] == "it was better"
    assert [row["what"] for row in trials["rows"]] == ["fixed, all stages", "hybrid, above block_12, 4 views averaged"]
    assert trials["rows"][1]["accuracy"] == "90.0%"
    assert trials["rows"][1]["judged_by"] == "validation, 250 photos"
    assert [row["is_kept"] for row in trials["rows"]] == [False, True]
    assert trials["rows"][0]["gain"] == ""
    assert trials["is_above_cut"]
    assert not list_trials({"auto": {"tried": [plain], "why": ""}})["is_above_cut"]
    assert list_trials({"auto": None}) is None


@pytest.mark.parametrize(
    ("judged_by", "gain", "needed", "text"),
    [
        ("cross-validation", 1025, 7, "+1,025 right (needs +7)"),
        ("cross-validation", -3, 0, "-3 right (needs 0)"),
        ("cross-validation", 2, -4, "+2 right (may be -4)"),
        ("validation", 0.0218, 0.0123, "log loss \N{MINUS SIGN}0.022 (needs \N{MINUS SIGN}0.012)"),
        ("validation", -0.0067, -0.025, "log loss +0.007 (may be +0.025)"),
    ],
)
def test_a_gain_stands_beside_the_needed_gain(judged_by, gain, needed, text):
    trial = {
        "method": "fixed", "features": "last", "averaged_views": 1, "accuracy": 0.9, "n": 250, "seconds": 1.0,
        "is_kept": True, "judged_by": judged_by, "gain": gain, "needed": needed,
    }  # fmt: skip
    trials = list_trials({"auto": {"tried": [trial], "why": ""}})
    assert trials["rows"][0]["gain"].replace("\N{NO-BREAK SPACE}", " ") == text


def test_training_above_a_cut_is_described():
    tuning = {"n_epochs": 5, "seconds_per_epoch": 7.5, "best_epoch": 4, "learning_rate": 5e-4, "is_norm_trained": True,
              "device": "2 cores"}  # fmt: skip
    metrics = {"tuning": tuning, "cut": "pixels", "views": 4, "averaged_views": 4, "validation": JUDGED}
    settings = dict(describe_settings(metrics))
    assert settings["Cut"] == "before the first stage: nothing is frozen"
    assert "5 epochs of 7.5 s on 2 cores, the best is epoch 4" in settings["Trained above the cut"]
    assert "batch normalisation trained" in settings["Trained above the cut"]
    assert settings["Views per photo"] == "4 in training; each answer is the average over 4"
    start = dict(describe_settings(metrics | {"tuning": tuning | {"best_epoch": 0}}))
    assert "5 epochs of 7.5 s on 2 cores, no epoch was better than the start (" in start["Trained above the cut"]
    noisy = dict(describe_settings(metrics | {"tuning": tuning | {"best_epoch": 0, "n_errors": 2.0}}))
    assert "no epoch was better than the start by more than noise" in noisy["Trained above the cut"]
    assert dict(describe_settings({"method": "hybrid"} | metrics | {"tuning": tuning | {"best_epoch": 0}}))[
        "Method"
    ].endswith("so the network is as pretrained, with a head fitted to it")
    early = dict(describe_settings(metrics | {"tuning": tuning | {"best_epoch": 0, "n_epochs": 0}}))
    assert "stopped in the first epoch" in early["Trained above the cut"]
    unwatched = dict(describe_settings(metrics | {"validation": None}))
    assert "5 epochs of 7.5 s on 2 cores, the last is kept" in unwatched["Trained above the cut"]
