"""Rows of the report's tables."""

from headstart.evaluation.metrics import evaluate_probabilities
from headstart.evaluation.report_tables import (
    describe_making,
    list_bars,
    list_classes,
    list_measures,
    list_strengths,
)

JUDGED = evaluate_probabilities([0, 1, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.6, 0.4]], ["cats", "dogs"])
TEST = JUDGED | {"majority_accuracy": 0.75, "majority_class": "dogs"}


def test_bars_show_the_classifier_beside_the_guess():
    cross_validation = {"accuracy_mean": 0.99, "accuracy_sd": 0.02, "n": 10, "n_folds": 5, "n_repeats": 1}
    bars = list_bars({"test": TEST, "cross_validation": cross_validation})
    assert [bar["kind"] for bar in bars] == ["classifier", "repeated", "guess"]
    assert [bar["text"] for bar in bars] == ["75.0%", "99.0%", "75.0%"]
    assert [bars[0]["low"], bars[0]["high"]] == JUDGED["accuracy_ci95"]
    assert bars[1]["high"] == 1.0  # a bracket cannot leave the bar
    assert "dogs" in bars[2]["label"]


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


def test_the_chosen_strength_is_marked():
    table = [{"strength": s, "loss": 0.1, "accuracy": 0.9, "accuracy_sd": 0.01} for s in (0.001, 0.01)]
    rows = list_strengths({"strength": {"chosen": 0.01, "table": table}})
    assert [(row["strength"], row["is_chosen"]) for row in rows] == [("0.001", False), ("0.01", True)]
    assert rows[0]["sd"] == "± 1.0 points"
    assert list_strengths({"strength": None}) == []


def test_making_tells_what_is_known_and_no_more():
    told = dict(describe_making({"method": "fixed", "seed": 0, "n_extracted": 0, "n_cached": 3000, "image_size": 224}))
    assert told["Method"].startswith("fixed: only the last step")
    assert told["Seed"] == "0"
    assert told["Photos"] == "0 photos computed, 3,000 from the cache"
    assert told["Photo size"] == "224 by 224 pixels"
    assert "Backbone" not in told
    assert describe_making({}) == []
