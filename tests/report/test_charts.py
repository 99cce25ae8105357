"""Every run has the same four charts."""

import numpy as np
from PIL import Image

from headstart.evaluation.metrics import evaluate_probabilities
from headstart.report import charts
from headstart.report.charts import save_charts

HISTORY = [("Training", 1, 0.5, 0.7), ("Validation", 1, 0.5, 0.8)]


def test_there_are_four_charts_on_white(tmp_path):
    metrics = evaluate_probabilities([0, 1, 1], [[0.8, 0.2], [0.4, 0.6], [0.7, 0.3]], ["a", "b"])
    images = save_charts(HISTORY, metrics, tmp_path)
    assert sorted(images) == ["confusion_matrix", "history", "per_class", "reliability"]
    for name in images:
        image = Image.open(tmp_path / f"{name}.png")
        assert image.mode == "RGB"
        assert image.getpixel((2, 2)) == (255, 255, 255)
        assert len(image.getcolors(1 << 20)) > 10


def test_repeats_have_a_chart_of_their_own(tmp_path):
    metrics = evaluate_probabilities([0, 1], [[0.8, 0.2], [0.4, 0.6]], ["a", "b"])
    repeats = {"accuracies": [1.0, 0.5], "mean": 0.75, "mean_ci95": [0.2, 1.0]}
    assert "repeats" in save_charts(HISTORY, metrics | {"repeats": repeats}, tmp_path)
    assert "repeats" not in save_charts(HISTORY, metrics | {"repeats": None}, tmp_path)


def test_the_matrix_of_many_classes_shows_those_with_the_most_mistakes(tmp_path, monkeypatch):
    shown = []
    plot = charts.plot_confusion_matrix
    monkeypatch.setattr(
        charts, "plot_confusion_matrix", lambda matrix, classes: shown.append(classes) or plot(matrix, classes)
    )
    y = np.arange(100)
    probabilities = np.full((100, 100), 0.001)
    probabilities[y, y] = 0.5
    probabilities[60, 70] = 0.9
    metrics = evaluate_probabilities(y, probabilities / probabilities.sum(1, keepdims=True), [f"c{c}" for c in y])
    save_charts(HISTORY, metrics, tmp_path)
    assert len(shown[0]) == 40
    assert {"c60", "c70"} <= set(shown[0])
