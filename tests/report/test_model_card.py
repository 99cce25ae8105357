"""The model card in the form that model hubs read."""

import pytest

from headstart.classifier.decision import Decision
from headstart.evaluation.metrics import evaluate_probabilities
from headstart.methods.working_points import measure_decision
from headstart.report.model_card import write_model_card

yaml = pytest.importorskip("yaml")


def judge(labels):
    import numpy as np

    y = np.arange(40) % len(labels)
    probabilities = np.full((40, len(labels)), 0.1 / (len(labels) - 1))
    probabilities[np.arange(40), y] = 0.9
    return evaluate_probabilities(y, probabilities, labels)


def read_front_matter(card):
    _, front, rest = card.split("---\n", 2)
    return yaml.safe_load(front), rest


def test_the_front_matter_is_valid_for_hubs():
    labels = ["cats", "dogs"]
    front, rest = read_front_matter(write_model_card({"test": judge(labels), "classes": labels}, "pets"))
    assert front["pipeline_tag"] == "image-classification"
    (result,) = front["model-index"][0]["results"]
    assert result["dataset"] == {"name": "pets", "type": "pets", "split": "test"}
    assert [(row["type"], row["value"]) for row in result["metrics"]] == [("accuracy", 1.0), ("f1", 1.0)]
    assert "| cats | 20 | 100.0% |" in rest
    assert "one of its 2 classes" in rest


def test_names_are_escaped():
    labels = ["a|b <i>", "ça: 'yes' \"no\"\n---"]
    title = 'pets: "my" --- #1'
    front, rest = read_front_matter(write_model_card({"validation": judge(labels), "classes": labels}, title))
    assert front["model-index"][0]["name"] == title
    assert "| a\\|b \\<i\\> |" in rest
    assert "There was no test split" in rest


def test_a_run_without_measures_has_a_model_card():
    front, rest = read_front_matter(write_model_card({"classes": ["a", "b"]}, "pets"))
    assert "model-index" not in front
    assert "its accuracy is unknown" in rest


def test_the_working_point_is_told():
    import numpy as np

    labels = ["cats", "dogs"]
    decision = Decision(label="cats", threshold=0.031, find=0.9)
    points = measure_decision(decision, labels, np.arange(60) % 2, np.random.default_rng(0).dirichlet([1, 1], 60))
    metrics = {"test": judge(labels), "classes": labels, "working_points": [points[0] | {"judged_by": "validation"}]}
    card = write_model_card(metrics, "pets")
    assert "## Working point" in card
    assert "the answer is 'cats' if its probability is at least 3.1%" in card
    assert "Working point" not in write_model_card(metrics | {"working_points": []}, "pets")
